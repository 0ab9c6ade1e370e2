"""Where a pixel looks: optical distortion, resampling, pointing, clock and observer."""
