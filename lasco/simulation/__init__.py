"""Simulated C3 frames with missing blocks, and the truth beside them."""
