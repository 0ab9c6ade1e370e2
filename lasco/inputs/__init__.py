"""Wing of the inputs: which files the names that a user gives lead to, and which of them are frames."""
