"""What changes when a file is written, renamed or replaced, but not when it is read."""

from __future__ import annotations

from pathlib import Path


def as_written(path: Path) -> tuple[int, ...]:
    """Inode, mode, size and the times of the last change in nanoseconds; reading changes the time of access alone."""
    status = path.stat()
    return status.st_ino, status.st_mode, status.st_size, status.st_mtime_ns, status.st_ctime_ns
