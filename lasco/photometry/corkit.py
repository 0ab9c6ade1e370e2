"""What is taken from CorKit: bias polynomials and calibration factors, whose values agree with SolarSoft.

This is the one module that reads corkit. Its functions are taken out of its compiled modules and run by themselves:
importing ``corkit.lasco`` would run matplotlib, pandas, aiohttp and torch, none of which a factor needs. Headers are
handed over as SolarSoft compares them, since CorKit misses polarisers whose names hold a blank.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib.util import find_spec
from types import CodeType, FunctionType
from typing import Any

import numpy as np

from corinpaint.lasco.errors import CorInpaintError, UnsupportedFrameError
from corinpaint.lasco.level05.frame import Frame

VERSION = "1.0.16"
"""Of CorKit: the one whose factors were compared with SolarSoft's."""

_GLOBALS = {"np": np, "__version__": VERSION}
"""What the functions that are taken from CorKit use of their modules."""

_REMEDY = f"install it with `pip install corkit=={VERSION}`"

Calfactor = Callable[["_Cards"], tuple["_Cards", float]]


def offset_bias(frame: Frame) -> float:
    """Bias of one read-out in DN, from the polynomial of the read port (CorKit ``utils.offset_bias``).

    The last piece of C2's polynomial begins on `LAST_BIAS_OF_C2` and was fitted to few months: it would rise by 31 DN a
    year, where the bias rose by 2. It is held at its first value; see `bias_is_extrapolated`.

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
    first, constant = FIRST_BIAS_OF_C3
    if frame.detector == "C3" and frame.mjd < first and str(frame.header["READPORT"]).strip().upper() == "C":
        return constant
    day = LAST_BIAS_OF_C2 if bias_is_extrapolated(frame) else frame.mjd
    bias = float(_corkit_function("utils", "offset_bias")(_corkit_header(frame, day), False))
    if bias <= 0:
        raise UnsupportedFrameError(
            f"{frame.name}: READPORT = {frame.header['READPORT']!r} has no known bias", "take one of port A, B, C or D"
        )
    return bias


def bias_is_extrapolated(frame: Frame) -> bool:
    """Whether the polynomial of the bias ended before the day of the frame."""
    port = str(frame.header["READPORT"]).strip().upper()
    return frame.detector == "C2" and port == "C" and frame.mjd > LAST_BIAS_OF_C2


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
    _, factor = _corkit_calfactor(frame.detector)(_corkit_header(frame, frame.day))
    factor = _corrected(frame, float(factor))
    if factor <= 0:
        raise UnsupportedFrameError(
            f"{frame.name}: FILTER = {frame.filter!r} with POLAR = {frame.polar!r} has no calibration factor for "
            f"{frame.detector}",
            "give a frame of another filter",
        )
    return factor


FACTORS_OF_C2 = {"HALPHA": 0.01055 / 0.1033, "LENS": 0.01055 / 0.1033}
"""What CorKit's factors of rare positions of the filter wheel of C2 are off by (``c2_calfactor.pro``: 0.01055)."""

NEUTRAL_DENSITY = 0.25256
"""CorKit divides by the transmission of a polariser where C2's wheel is at ``ND``; SolarSoft does not."""

FIRST_BIAS_OF_C3 = (50072, 319.0)
"""Day before which the bias of C3 at port C is constant, and its value, DN (``offset_bias.pro``); CorKit fails."""

LAST_BIAS_OF_C2 = 58802
"""Modified Julian date from which on the polynomial of C2's port C is extrapolated (2019-11-15)."""


def _corrected(frame: Frame, factor: float) -> float:
    """SolarSoft's factor where CorKit's differs."""
    if frame.detector != "C2":
        return factor
    return factor * FACTORS_OF_C2.get(frame.filter, 1.0) * (NEUTRAL_DENSITY if frame.polar == "ND" else 1.0)


class _Cards(dict[str, Any]):
    """The little of a FITS header that CorKit uses: names in any case, and HISTORY, which is not kept."""

    def __getitem__(self, key: str) -> Any:
        return super().__getitem__(key.upper())

    def add_history(self, _: str) -> None:
        """Nothing: the product tells its own steps."""


def _corkit_header(frame: Frame, day: float) -> _Cards:
    """The cards that CorKit reads, as SolarSoft compares them: FILTER and POLAR without blanks, days with slashes."""
    return _Cards(
        {
            "DETECTOR": frame.detector,
            "FILTER": frame.filter,
            "POLAR": frame.polar,
            "MID_DATE": day,
            "READPORT": str(frame.header["READPORT"]),
            "DATE-OBS": frame.date.strftime("%Y/%m/%d"),
            "SUMCOL": frame.sums.chip_x,
            "SUMROW": frame.sums.chip_y,
            "LEBXSUM": frame.sums.leb_x,
            "LEBYSUM": frame.sums.leb_y,
        }
    )


def _corkit_calfactor(detector: str) -> Calfactor:
    """CorKit's factor of a detector."""
    return _corkit_function("lasco", f"{detector.lower()}_calfactor")


@cache
def _corkit_function(module: str, name: str) -> Callable[..., Any]:
    """A function of CorKit by itself: its module is found and compiled by Python's own means, but not run.

    Parameters
    ----------
    module : str
        Of the package ``corkit``.
    name : str
        Of a function that uses nothing of its module but `_GLOBALS`.

    Returns
    -------
    callable
        It takes every argument by its place, those with defaults too.

    Raises
    ------
    CorInpaintError
        When CorKit is not installed, or is not the version that has this function.
    """
    for constant in _corkit_module(f"corkit.{module}").co_consts:
        if isinstance(constant, CodeType) and constant.co_name == name:
            return FunctionType(constant, dict(_GLOBALS), name)
    raise CorInpaintError(f"corkit.{module} has no function {name}", _REMEDY)


def _corkit_module(name: str) -> CodeType:
    """The compiled module; Python keeps it beside the source, as with every import."""
    try:
        spec = find_spec(name)
    except (ImportError, ValueError) as error:  # ValueError: a module of this name stands in sys.modules without a spec
        raise CorInpaintError(f"CorKit is not installed properly ({error})", _REMEDY) from error
    code = getattr(spec.loader, "get_code", lambda _: None)(name) if spec else None
    if code is None:
        raise CorInpaintError(f"CorKit is not installed properly ({name} is missing)", _REMEDY)
    compiled: CodeType = code
    return compiled
