"""What puts a frame into a network and its answer back: one adapter for each domain."""
