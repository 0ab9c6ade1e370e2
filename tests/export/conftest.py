"""Results of the checkpoints themselves, with which those of the exports are compared."""

from __future__ import annotations

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pytest

from corinpaint.model.metadata import read_info
from corinpaint.restore.engines.base import Filled
from corinpaint.restore.engines.torch import TorchInpainter


class LogPolarExample(NamedTuple):
    """Windows of a size and batch with which no export was traced, and the outputs of eager torch for them."""

    inputs: tuple[np.ndarray, np.ndarray, np.ndarray]
    expected: Filled


@pytest.fixture(scope="session")
def log_polar_example(log_polar_checkpoint: Path) -> LogPolarExample:
    """See `LogPolarExample`."""
    multiple = read_info(log_polar_checkpoint).multiple
    random = np.random.default_rng(5)
    image = 30 * random.random((3, 2, 4 * multiple, 5 * multiple), dtype=np.float32)
    mask = np.ones_like(image)
    mask[:, 0, 20:50, 30:60] = 0
    mask[1, 1], mask[2, 1, :90] = 0, 0
    place = np.array([(100, 1), (300, 1.5), (500, 2)], dtype=np.float32)
    inputs = (image * mask, mask, place)
    return LogPolarExample(inputs, TorchInpainter(log_polar_checkpoint).fill(*inputs))


class Example(NamedTuple):
    """Images and masks of a size and batch with which no export was traced, and the outputs of eager torch for them."""

    image: np.ndarray
    mask: np.ndarray
    restored: np.ndarray
    mask_out: np.ndarray


@pytest.fixture(scope="session")
def example(checkpoint: Path) -> Example:
    """See `Example`."""
    multiple = read_info(checkpoint).multiple
    image = np.random.default_rng(5).random((3, 1, 5 * multiple, 7 * multiple), dtype=np.float32)
    mask = np.ones_like(image)
    mask[:, :, 20:50, 30:60] = 0
    return Example(image, mask, *TorchInpainter(checkpoint).fill(image, mask)[:2])
