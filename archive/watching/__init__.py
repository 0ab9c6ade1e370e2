"""Wing of what arrives: frames that come into a folder, or at a server, restored as they come."""
