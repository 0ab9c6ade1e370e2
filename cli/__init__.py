"""The command line: `corinpaint` and its commands."""
