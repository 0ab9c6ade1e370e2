"""The nominal calibration sets of C2 and C3, which were fitted to frames, and their readers."""
