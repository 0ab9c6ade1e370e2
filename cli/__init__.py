"""Room of the command line."""
