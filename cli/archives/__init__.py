"""Wing of the commands for archives of frames and products."""
