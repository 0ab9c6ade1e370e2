"""Methods that fill without a network, behind one small interface, by name.

`docs/fills.md` has what each does, where it comes from and how well it does. Nothing heavy is imported here: the
command line reads the names.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from types import MappingProxyType
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from corinpaint.lasco import blocks
    from corinpaint.restore.context import Context


@dataclass(frozen=True, eq=False)
class Problem:
    """A frame with holes, and what is known of it.

    Attributes
    ----------
    image : ndarray of float32, shape (H, W)
        Brightness on the detector grid, unit of the frame; meaningless where not observed.
    observed : ndarray of bool, shape (H, W)
        Good pixels; no method reads any other.
    hole : ndarray of bool, shape (H, W)
        Pixels to fill, inside the field of view.
    sigma : ndarray of float32, shape (H, W)
        Noise of the image, one standard deviation, unit of the image.
    centre : tuple of float
        Sun centre (column, row) on the detector grid, px from 0.
    zones : tuple of Zone
        The zones of the blocks to fill; a block is H // 32 px high and W // 32 px wide.
    context : tuple of Context
        Frames of the same hours on the same grid, the nearest first.
    """

    image: NDArray[np.float32]
    observed: NDArray[np.bool_]
    hole: NDArray[np.bool_]
    sigma: NDArray[np.float32]
    centre: tuple[float, float]
    zones: tuple[blocks.Zone, ...]
    context: tuple[Context, ...] = ()


class Fill(Protocol):
    """A method that fills the holes of one frame."""

    def __call__(self, problem: Problem) -> NDArray[np.float32]:
        """Fill the holes.

        Parameters
        ----------
        problem : Problem

        Returns
        -------
        ndarray of float32, shape (H, W)
            Values in the hole, NaN where the method finds none; elsewhere anything.
        """


def _open(module: str, function: str) -> Fill:
    method: Fill = getattr(importlib.import_module(f"corinpaint.restore.{module}"), function)()
    return method


TEMPORAL = "temporal"
"""The method that needs context frames."""

METHODS: Mapping[str, Callable[[], Fill]] = MappingProxyType(
    {
        "fuzzy": partial(_open, "fuzzy", "fuzzy"),
        "harmonic": partial(_open, "laplace", "harmonic"),
        "biharmonic": partial(_open, "laplace", "biharmonic"),
        "telea": partial(_open, "opencv", "telea"),
        "navier-stokes": partial(_open, "opencv", "navier_stokes"),
        "polynomial": partial(_open, "polynomial", "polynomial"),
        "radial": partial(_open, "radial", "radial"),
        "temporal": partial(_open, "temporal", "temporal"),
    }
)
"""Openers of the methods, by the name that ``--fill`` takes; an `OptionError` tells what is not installed."""

OPTIONAL = {"telea": "cv2", "navier-stokes": "cv2"}
"""Methods that need a package of an extra."""


def installed() -> tuple[str, ...]:
    """Methods that work on a single frame and whose packages are there."""
    there = (name for name in METHODS if name not in OPTIONAL or find_spec(OPTIONAL[name]) is not None)
    return tuple(name for name in there if name != TEMPORAL)
