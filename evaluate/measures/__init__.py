"""Measures of fills that need more than the holes of one frame: stars beside them, sequences, base differences."""
