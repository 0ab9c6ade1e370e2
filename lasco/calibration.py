"""What is taken from CorKit: bias polynomials and calibration factors, whose values agree with SolarSoft.

This is the one module that imports corkit. Headers are handed over as SolarSoft compares them, since CorKit misses
polarisers whose names hold a blank.
"""

from __future__ import annotations

import importlib
import sys
import threading
import types
from collections.abc import Callable
from functools import cache
from typing import Any

from astropy.io import fits

from corinpaint.lasco.errors import UnsupportedFrameError
from corinpaint.lasco.frame import Frame

_corkit_lock = threading.Lock()

Calfactor = Callable[[fits.Header], tuple[fits.Header, float]]


def offset_bias(frame: Frame) -> float:
    """Bias of one read-out in DN, from the polynomial of the read port (CorKit ``utils.offset_bias``).

    Parameters
    ----------
    frame : Frame

    Returns
    -------
    float
        DN; what is summed on board holds it once for each read-out. Source: SolarSoft ``offset_bias.pro`` 1.36.

    Raises
    ------
    UnsupportedFrameError
        When the read port has no known bias.
    """
    utils = importlib.import_module("corkit.utils")
    bias = float(utils.offset_bias(_corkit_header(frame)))
    if bias <= 0:
        raise UnsupportedFrameError(f"{frame.name}: READPORT = {frame.header['READPORT']!r} has no known bias")
    return bias


def calfactor(frame: Frame) -> float:
    """Calibration factor in MSB per (DN / s), sums divided out.

    CorKit ``c2_calfactor`` and ``c3_calfactor`` (SolarSoft ``c2_calfactor.pro``, ``c3_calfactor.pro`` 1.17).

    Parameters
    ----------
    frame : Frame

    Returns
    -------
    float
        MSB / (DN / s).

    Raises
    ------
    UnsupportedFrameError
        When filter and polariser have no factor.
    """
    _, factor = _corkit_calfactor(frame.detector)(_corkit_header(frame))
    if factor <= 0:
        raise UnsupportedFrameError(
            f"{frame.name}: FILTER = {frame.filter!r} with POLAR = {frame.polar!r} has no calibration factor for "
            f"{frame.detector}"
        )
    return float(factor)


def _corkit_header(frame: Frame) -> fits.Header:
    """The cards that CorKit reads, as SolarSoft compares them: FILTER and POLAR without blanks, days with slashes."""
    return fits.Header(
        {
            "DETECTOR": frame.detector,
            "FILTER": frame.filter,
            "POLAR": frame.polar,
            "MID_DATE": frame.mjd,
            "READPORT": str(frame.header["READPORT"]),
            "DATE-OBS": frame.date.strftime("%Y/%m/%d"),
            "SUMCOL": frame.sums.chip_x,
            "SUMROW": frame.sums.chip_y,
            "LEBXSUM": frame.sums.leb_x,
            "LEBYSUM": frame.sums.leb_y,
        }
    )


@cache
def _corkit_calfactor(detector: str) -> Calfactor:
    """CorKit's factor, from a private import of ``corkit.lasco`` that leaves its network (and so torch) out.

    ``corkit.lasco`` needs torch only through ``corkit.reconstruction``, which nothing here calls.
    """
    with _corkit_lock:
        names = ("corkit.reconstruction", "corkit.lasco")
        kept = {name: sys.modules.pop(name) for name in names if name in sys.modules}
        sys.modules["corkit.reconstruction"] = _Absent("corkit.reconstruction")
        try:
            module = importlib.import_module("corkit.lasco")
            function: Calfactor = getattr(module, f"{detector.lower()}_calfactor")
            return function
        finally:
            for name in names:
                sys.modules.pop(name, None)
            sys.modules.update(kept)


class _Absent(types.ModuleType):
    """A module whose every name is None."""

    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return None
