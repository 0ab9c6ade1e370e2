"""Fixtures that every room shares: frames as bytes, real frames where they are at hand, a small network."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco import blocks

SHARED = Path(__file__).resolve().parents[2] / "shared" / "data"

CARDS: dict[str, Any] = {
    "FILENAME": "32082037.fts",
    "FILEORIG": "020108_021900.img",
    "DATE": "2002/03/07 23:28:19.942",
    "DATE-OBS": "2002/01/08",
    "TIME-OBS": "02:18:05.594",
    "EXPTIME": 19.1,
    "TELESCOP": "SOHO",
    "INSTRUME": "LASCO",
    "DETECTOR": "C3",
    "READPORT": "C",
    "SUMROW": 0,
    "SUMCOL": 0,
    "LEBXSUM": 1,
    "LEBYSUM": 1,
    "LAMP": 0,
    "FILTER": "Clear",
    "POLAR": "Clear",
    "LP_NUM": "Normal",
    "MID_DATE": 52282,
    "MID_TIME": 8288.16,
    "OFFSET": 377.741,
    "R1COL": 20,
    "R1ROW": 1,
    "R2COL": 1043,
    "R2ROW": 1024,
    "CRPIX1": 517.956,
    "CRPIX2": 532.632,
    "CROTA1": 0.0,
}


def smooth_counts(seed: int = 0) -> np.ndarray:
    """Counts that fall off from the sun centre, with noise; never-sent corners zero."""
    y, x = np.mgrid[0:1024, 0:1024]
    radius = np.hypot(x - 518, y - 533)
    rng = np.random.default_rng(seed)
    counts = 378 + 4e5 / (radius + 60) + 2e-1 * x + rng.normal(0, 5, radius.shape)
    counts[blocks.expand(blocks.never_sent())] = 0
    return counts.round().astype(np.int16)


def frame_bytes(
    data: np.ndarray | None = None, drop: tuple[str, ...] = (), lost: tuple[tuple[int, int], ...] = (), **cards: Any
) -> bytes:
    """A Level 0.5 file; `lost` are (block row, block column)."""
    counts = smooth_counts() if data is None else data.copy()
    for row, column in lost:
        counts[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32] = 0
    header = fits.Header()
    for key, value in {**CARDS, **{k.replace("_OBS", "-OBS"): v for k, v in cards.items()}}.items():
        if key not in drop:
            header[key] = value
    header.add_history("offset_bias.pro 1.24 12/13/01, 377.741")
    buffer = io.BytesIO()
    fits.PrimaryHDU(counts, header).writeto(buffer)
    return buffer.getvalue()


@pytest.fixture(scope="session")
def make_frame() -> Callable[..., bytes]:
    """Builder of Level 0.5 files: `make_frame(lost=((16, 10),), EXPTIME=5.0)`."""
    return frame_bytes


@pytest.fixture(scope="session")
def shared() -> Path:
    """Folder of real frames; the test is skipped where it is absent."""
    if not SHARED.is_dir():
        pytest.skip("no real frames beside the repository")
    return SHARED


@pytest.fixture(scope="session")
def real_frames(shared: Path) -> list[Path]:
    """Real C3 Level 0.5 files."""
    return sorted((shared / "c3_level05").glob("*.fts.gz"))


class EchoInpainter:
    """A network stand-in that fills every hole with the mean of the valid pixels: fast and predictable."""

    def __init__(self) -> None:
        from corinpaint.restore.backends import ModelInfo

        self.info = ModelInfo(Path("echo.onnx"), "echo", "0", "0" * 64, 128, 1024)
        self.calls = 0

    def fill(self, image: np.ndarray, mask: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        self.calls += 1
        mean = np.float32(image[mask > 0].mean())
        return np.where(mask > 0, image, mean), np.ones_like(mask)


@pytest.fixture
def echo() -> EchoInpainter:
    """See `EchoInpainter`."""
    return EchoInpainter()
