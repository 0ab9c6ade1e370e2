"""Maximum sizes of the file of a frame, shared by the reader and the client."""

from __future__ import annotations

MAX_FILE_BYTES = 16 * 2**20
"""Maximum size of a file and of its decompressed content, bytes; a full frame in float64 takes 8 MiB."""

MAX_HEADER_BYTES = 2880 * 100
"""Maximum size of a header, bytes; real headers take two or three blocks of 2880 bytes."""
