"""Which zones of missing blocks are filled: the policies, and the error that a network predicts for its own fill."""
