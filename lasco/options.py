"""Options of the calibration: which steps are applied, as SolarSoft's keywords of ``reduce_level_1`` choose them."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, fields

from corinpaint.lasco.errors import OptionError


@dataclass(frozen=True)
class Options:
    """Steps of the calibration; all are applied by default.

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
        Correct the optical distortion.
    mask : bool
        Set pixels behind the occulter and the pylon or outside of the field of view to NaN (``/NO_MASK``); they are
        flagged in any case.
    roll : bool
        Rotate the image about the sun centre when its roll is 1 degree or more (``/NOROLL_CORRECTION``). A frame taken
        upside down is rotated by 180 degrees in any case, which needs no interpolation.
    solarsoft : bool
        Compute the distortion as SolarSoft does, linearly interpolated in triangles of a 32 px grid, instead of at
        every pixel; for comparisons.
    point_sources : bool
        Multiply by the Jacobian of the distortion, so that the flux of stars and planets, summed over their pixels, is
        that on the detector. The brightness of extended sources, which the correction conserves otherwise, is then not.
    """

    vignetting: bool = True
    calfactor: bool = True
    ramp: bool = True
    warp: bool = True
    mask: bool = True
    roll: bool = True
    solarsoft: bool = False
    point_sources: bool = False

    @property
    def departures(self) -> tuple[str, ...]:
        """Names of the options that differ from the default, as `parse` reads them."""
        return tuple(name for name, (key, value) in _NAMES.items() if getattr(self, key) is value)


DEFAULT = Options()
"""All steps."""

_NAMES = {
    **{f"no-{step.name}": (step.name, False) for step in fields(Options) if step.default is True},
    "solarsoft-grid": ("solarsoft", True),
    "point-sources": ("point_sources", True),
}

NAMES = tuple(_NAMES)
"""Names that `parse` accepts: no-vignetting, no-calfactor, no-ramp, no-warp, no-mask, no-roll, solarsoft-grid,
point-sources."""


def parse(names: Iterable[str]) -> Options:
    """Options from their names.

    Parameters
    ----------
    names : iterable of str
        Some of `NAMES`, in upper or lower case; blanks around them are ignored.

    Returns
    -------
    Options

    Raises
    ------
    OptionError
        When a name is unknown.
    """
    asked = [name.strip().lower() for name in names if name.strip()]
    for name in asked:
        if name not in _NAMES:
            raise OptionError(f"calibration option {name[:40]!r} is unknown", f"choose from {', '.join(NAMES)}")
    return Options(**dict(_NAMES[name] for name in asked))
