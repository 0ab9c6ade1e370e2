"""Which steps of the calibration are done, and how: what SolarSoft offers as keywords of ``reduce_level_1``."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from corinpaint.lasco.errors import OptionError


@dataclass(frozen=True)
class Options:
    """Steps of the calibration; all are done by default.

    Attributes
    ----------
    vignetting : bool
        Multiply by the vignetting correction (SolarSoft ``/NO_VIG`` leaves it out).
    calfactor : bool
        Multiply by the calibration factor (``/NO_CALFAC``). Without it the product is in DN/s, and no stray light,
        which is in MSB, is subtracted.
    ramp : bool
        Subtract the stray light of C3 Clear.
    warp : bool
        Take the optical distortion out.
    mask : bool
        Make NaN what is behind occulter and pylon or beyond the field (``/NO_MASK``); it is flagged in any case.
    roll : bool
        Turn the image about the sun centre when its roll is 1 degree or more (``/NOROLL_CORRECTION``). A frame taken
        upside down is turned by 180 degrees in any case, since no pixel changes by that.
    solarsoft : bool
        Distortion as SolarSoft computes it, on a 32 px grid in triangles, in place of the exact map; for comparisons.
    """

    vignetting: bool = True
    calfactor: bool = True
    ramp: bool = True
    warp: bool = True
    mask: bool = True
    roll: bool = True
    solarsoft: bool = False

    @property
    def departures(self) -> tuple[str, ...]:
        """Names of what departs from the default, as `parse` reads them."""
        return tuple(name for name, (key, value) in _NAMES.items() if getattr(self, key) is value)


DEFAULT = Options()
"""Every step."""

_NAMES = {
    **{f"no-{step.name}": (step.name, False) for step in fields(Options) if step.default is True},
    "solarsoft-grid": ("solarsoft", True),
}

NAMES = tuple(_NAMES)
"""What can be asked for: no-vignetting, no-calfactor, no-ramp, no-warp, no-mask, no-roll, solarsoft-grid."""


def parse(names: Iterable[str]) -> Options:
    """Options from names.

    Parameters
    ----------
    names : iterable of str
        Some of `NAMES`, in any case, blanks around them allowed.

    Returns
    -------
    Options

    Raises
    ------
    OptionError
        On an unknown name.
    """
    asked = [name.strip().lower() for name in names if name.strip()]
    for name in asked:
        if name not in _NAMES:
            raise OptionError(f"calibration option {name[:40]!r} is unknown", f"choose of {', '.join(NAMES)}")
    return Options(**dict(_NAMES[name] for name in asked))
