"""A stand-in for the official calibration files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits


@pytest.fixture
def official(tmp_path: Path) -> Path:
    """A folder with official file names and smooth made-up content, two folders down."""
    y, x = np.mgrid[0:1024, 0:1024] / 1024
    folder = tmp_path / "lasco" / "calib"
    folder.mkdir(parents=True)
    images = {
        "c3vig_preint_final.fts": 1 + x,
        "c3vig_postint_final.fts": 1 + 0.5 * y,
        "C3ramp.fts": 3e-12 * (1 + x * y),
        "c3_cl_mask_lvl1.fts": np.hypot(x - 0.5, y - 0.5) < 0.45,
    }
    for name, image in images.items():
        fits.PrimaryHDU(image.astype(np.float32)).writeto(folder / name)
    return tmp_path
