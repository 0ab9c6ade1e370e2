"""What the checkpoint itself gives, for the exports to be compared with."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from corinpaint.model.metadata import read_info


class Example(NamedTuple):
    """Images and masks of a size and batch that no export was made with, and what eager torch makes of them."""

    image: np.ndarray
    mask: np.ndarray
    restored: np.ndarray
    mask_out: np.ndarray


@pytest.fixture(scope="session")
def example(checkpoint: Path) -> Example:
    """See `Example`."""
    from corinpaint.restore.torch_backends import TorchInpainter

    multiple = read_info(checkpoint).multiple
    image = np.random.default_rng(5).random((3, 1, 5 * multiple, 7 * multiple), dtype=np.float32)
    mask = np.ones_like(image)
    mask[:, :, 20:50, 30:60] = 0
    return Example(image, mask, *TorchInpainter(checkpoint).fill(image, mask))
