"""Commands that make what is looked at."""
