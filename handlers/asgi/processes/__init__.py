"""Wing of the worker processes: what is said to them, what they do, and who starts them again."""
