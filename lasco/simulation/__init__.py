"""Simulation of C3 frames with missing blocks, with the true counts and brightness."""
