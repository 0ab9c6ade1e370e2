"""Wing of the server in Python: HTTP and gRPC in one process, frames in worker processes that serve the archive's code."""
