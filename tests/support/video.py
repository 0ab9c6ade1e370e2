"""Movies read back by the encoder's own program."""

from __future__ import annotations

import importlib
import subprocess
from pathlib import Path

import numpy as np


def _run(*words: object) -> subprocess.CompletedProcess[bytes]:
    program = importlib.import_module("imageio_ffmpeg").get_ffmpeg_exe()
    return subprocess.run([program, "-hide_banner", *map(str, words)], capture_output=True, check=False)


def frames(path: Path, size: tuple[int, int]) -> np.ndarray:
    """All frames, RGB, shape (N, height, width, 3)."""
    content = _run("-i", path, "-f", "rawvideo", "-pix_fmt", "rgb24", "-").stdout
    return np.frombuffer(content, np.uint8).reshape(-1, size[1], size[0], 3)


def about(path: Path) -> str:
    """What the program says of a file: its streams and metadata."""
    return _run("-i", path).stderr.decode()
