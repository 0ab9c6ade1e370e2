"""Room of the instrument."""
