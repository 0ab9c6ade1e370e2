"""Commands that work on simulated frames."""
