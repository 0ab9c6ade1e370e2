"""The colour tables of the LASCO telescopes as sunpy has them, without sunpy."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import OptionError

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

TABLES = {"C2": ("soholasco2", "gist_heat"), "C3": ("soholasco3", "bone")}
"""For each telescope, the name of its table in sunpy, and the table of matplotlib that it is a copy of. Those of
SolarSoft are white over half of their length and hide what a corona has there."""


def colour_table(detector: str) -> Colormap:
    """Colour table of a telescope for matplotlib, 256 colours; transparent where there is no value.

    Parameters
    ----------
    detector : str
        'C2' or 'C3'.

    Returns
    -------
    matplotlib.colors.Colormap

    Raises
    ------
    OptionError
        When the telescope has no table.
    """
    if detector not in TABLES:
        raise OptionError(f"DETECTOR = {detector!r} has no colour table", f"there are tables of {', '.join(TABLES)}")
    import matplotlib

    name, original = TABLES[detector]
    table = matplotlib.colormaps[original].copy()
    table.name = name
    return table


def colours(detector: str) -> NDArray[np.uint8]:
    """Colours of the table of a telescope, red, green and blue, shape (256, 3); errors as for `colour_table`."""
    return np.asarray(colour_table(detector)(np.arange(256), bytes=True), dtype=np.uint8)[:, :3]
