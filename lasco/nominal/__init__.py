"""The nominal calibration sets of C2 and C3, fitted to frames, and what reads them."""
