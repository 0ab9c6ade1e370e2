"""Wing of the server in Python: HTTP and gRPC in one process, frames in others that run the code of the archive."""
