"""Frames of other kinds as neighbours: other polariser positions and filters, and C3 for the outer field of C2."""
