"""Acquiring Level 0.5 frames from the archives that hold them."""
