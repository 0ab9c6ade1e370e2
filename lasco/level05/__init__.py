"""Level 0.5: bytes to a checked frame in DN, its keywords, its read-out, its telemetry blocks."""
