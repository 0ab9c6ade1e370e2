"""Room of the one path from frame to product."""
