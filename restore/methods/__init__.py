"""Fills without a network, one a file, and their registry."""
