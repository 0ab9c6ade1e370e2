"""Methods that fill without a network, by name.

`docs/explanation/fills.md` has what each does, where it comes from and how well it does. Nothing heavy is imported
here: the command line reads the names.
"""

from __future__ import annotations

import importlib
from collections.abc import Callable, Mapping
from functools import partial
from importlib.util import find_spec
from types import MappingProxyType

from corinpaint.restore.methods.problem import Fill


def _open(module: str, function: str) -> Fill:
    method: Fill = getattr(importlib.import_module(f"corinpaint.restore.methods.{module}"), function)()
    return method


TEMPORAL = "temporal"
"""The simplest method that needs context frames; all of them are in `NEED_CONTEXT`."""

NEED_CONTEXT = frozenset({TEMPORAL, "neighbours", "motion"})
"""Methods that need context frames."""

METHODS: Mapping[str, Callable[[], Fill]] = MappingProxyType(
    {
        "fuzzy": partial(_open, "fuzzy", "fuzzy"),
        "harmonic": partial(_open, "laplace", "harmonic"),
        "biharmonic": partial(_open, "laplace", "biharmonic"),
        "telea": partial(_open, "opencv", "telea"),
        "navier-stokes": partial(_open, "opencv", "navier_stokes"),
        "polynomial": partial(_open, "polynomial", "polynomial"),
        "radial": partial(_open, "radial", "radial"),
        "radial-profiles": partial(_open, "pagot", "radial_profiles"),
        "gaussian-process": partial(_open, "gaussian_process", "gaussian_process"),
        "temporal": partial(_open, "temporal", "temporal"),
        "neighbours": partial(_open, "pagot", "neighbours"),
        "motion": partial(_open, "motion", "motion"),
    }
)
"""Openers of the methods, by the name that ``--fill`` takes; an `OptionError` names what is not installed."""

OPTIONAL = {"telea": "cv2", "navier-stokes": "cv2"}
"""Methods that need a package of an extra."""


def installed() -> tuple[str, ...]:
    """Methods that work on a single frame and whose packages are there."""
    there = (name for name in METHODS if name not in OPTIONAL or find_spec(OPTIONAL[name]) is not None)
    return tuple(name for name in there if name not in NEED_CONTEXT)
