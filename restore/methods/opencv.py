"""Telea's and the Navier-Stokes fill, as OpenCV has them; needs the extra ``opencv``.

``cv2.inpaint`` takes one channel of 8 or 16 bit or of 32-bit floating point. It gets the window as float32, stretched
to 0 to 10^6: its Telea adds a step of up to 1.4 grey levels whatever the image, which is a coarse error on 8 bit and
one in a million here.

Both average over what is near and carry no gradient far, so the corona's fall-off is divided out before, the power of
the radius that the window follows. On real frames that takes their errors from 2.5 to 1.1 times the noise in holes of
2 x 2 blocks; logarithms of the brightness gain nothing.
"""

from __future__ import annotations

from dataclasses import replace
from types import ModuleType

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import OptionError
from corinpaint.restore.methods.problem import Fill, Problem
from corinpaint.restore.methods.windows import Image, Window, by_zone, fall_off, held, polar

RADIUS = 16
"""Neighbourhood of a pixel, px; on real frames 8 is worse for Telea, 24 no better."""

BORDER = 4
"""Rows and columns of the window beyond it, px."""

LEVELS = 1e6
"""Range that the brightness of a window is stretched to."""


def telea() -> Fill:
    """Fast marching after Telea (2004), J. Graphics Tools 9(1), 23; raises `OptionError` without OpenCV."""
    return _method("telea", "INPAINT_TELEA")


def navier_stokes() -> Fill:
    """Isophotes carried on, after Bertalmio, Bertozzi and Sapiro (2001), CVPR; raises `OptionError` without OpenCV."""
    return _method("navier-stokes", "INPAINT_NS")


def _method(name: str, flag: str) -> Fill:
    library = _library(name)

    def fill(problem: Problem) -> NDArray[np.float32]:
        def flattened(window: Window) -> Image:
            power = fall_off(window, polar(window, problem.centre)[0])
            flat = replace(window, image=window.image / power)
            return power * _inpainted(library, flat, getattr(library, flag), RADIUS)

        return by_zone(problem, RADIUS + BORDER, flattened)

    return fill


def _library(name: str) -> ModuleType:
    try:
        import cv2
    except ImportError as error:
        raise OptionError(
            f"fill = {name!r} needs OpenCV", "install corinpaint[opencv], or choose another fill"
        ) from error
    module: ModuleType = cv2
    return module


def _inpainted(library: ModuleType, window: Window, method: int, radius: int) -> Image:
    """The window with everything inpainted that is not observed; NaN in pieces of the hole beside which nothing is."""
    lowest = float(window.image[window.observed].min())
    step = (float(window.image[window.observed].max()) - lowest) / LEVELS or 1.0
    levels = np.where(window.observed, (window.image - lowest) / step, 0).astype(np.float32)
    found = library.inpaint(levels, (~window.observed).astype(np.uint8), radius, method)
    return np.where(held(window, 1), lowest + step * found.astype(np.float64), np.nan)
