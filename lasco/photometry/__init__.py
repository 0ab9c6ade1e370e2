"""From counts to brightness on the detector grid: bias, exposure, vignetting, stray light, noise."""
