"""Level 0.5: decoding a file to a checked frame in DN, its keywords, read-out and telemetry blocks."""
