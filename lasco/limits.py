"""What the file of a frame may have at most, for those who read one and those who send one."""

from __future__ import annotations

MAX_FILE_BYTES = 16 * 2**20
"""Most bytes that are read or decompressed; a full frame in float64 takes 8 MiB."""

MAX_HEADER_BYTES = 2880 * 100
"""Most header bytes that are searched for the END card; real headers take two or three blocks of 2880."""

GZIP_MAGIC = b"\x1f\x8b"
