"""Memory of large blocks, given back to the system as soon as it is free.

The GNU C library takes blocks from the system one by one as long as they are larger than a threshold, which it raises
up to 32 MiB whenever such a block is freed. Frames and products then lie in heaps, one for each thread, between small
blocks that keep those from shrinking, and a server that hands on products of 14 MB from many threads grows.
"""

from __future__ import annotations

import ctypes

LARGE = 1 << 20
"""Bytes from which a block is a mapping of its own."""

M_MMAP_THRESHOLD = -3
"""Number of the parameter, of malloc.h."""


def give_back_large_blocks() -> bool:
    """Have this process, and those that it forks, give free blocks of at least `LARGE` bytes back to the system.

    Returns
    -------
    bool
        Whether the C library knows how: that of GNU does, others give them back by themselves or not at all.

    References
    ----------
    mallopt(3) of Linux, M_MMAP_THRESHOLD.
    """
    try:
        mallopt = ctypes.CDLL(None).mallopt
    except (OSError, AttributeError, TypeError):
        return False
    return bool(mallopt(M_MMAP_THRESHOLD, LARGE))
