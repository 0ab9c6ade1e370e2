"""The filled zones of a product on its own pixels, and how much the errors of a zone's pixels are alike.

HISTORY gives for each filled zone the error of the sum of its fill on the detector grid. Over the sum of NOISE in the
pixels of the zone it is the share f of that sum which the error of a sum over the zone has: 1 where all pixels are off
by their sigma together, one over the root of their number where they are independent.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.level1.product import Flag, Level1, Level1File, flagged
from corinpaint.lasco.notebook import history
from corinpaint.lasco.notebook.zones import Zone, zones_in

SHARED_NOISE = 1.5
"""By how much the error of a sum exceeds what NOISE gives for independent pixels, since neighbours share noise after
the bilinear interpolation: the mean of its squared weights over all places between the pixels is 4 / 9."""

FITTING = (0.6, 1.7)
"""Number of filled pixels of a zone in the product over that on the detector: a zone grows by the pixels that the
interpolation takes it to, and loses what is masked."""


class FilledZone(NamedTuple):
    """Filled pixels whose errors are alike.

    Attributes
    ----------
    pixels : ndarray of bool, shape (H, W)
    share : float
        1 sigma of the sum of the fill over the sum of NOISE.
    """

    pixels: NDArray[np.bool_]
    share: float


def filled_zones(product: Level1 | Level1File) -> list[FilledZone]:
    """The filled zones of a product.

    Parameters
    ----------
    product : Level1 or Level1File

    Returns
    -------
    list of FilledZone
        Where the zones of HISTORY and the filled pixels do not fit each other (zones of which a part is masked), all
        have the share of all zones together. Where HISTORY has no error, the errors of all pixels of a zone count as
        wholly alike. Empty without a MASK.
    """
    if product.mask is None or product.noise is None:
        return []
    filled, noise = flagged(product.mask, Flag.FILLED), product.noise.astype(np.float64)
    found = [zone for zone in zones_in(product.mask, product.header) if (zone.where & filled).any()]
    groups = [zone.where & filled for zone in found]
    sums = [float(noise[group].sum()) for group in groups]
    known = [zone for zone in history.zones(product.header) if zone.method]
    errors = [zone.total_error for zone in known if zone.total_error is not None]
    if _fit(found, known):
        shares = [
            SHARED_NOISE if zone.total_error is None else zone.total_error / one
            for zone, one in zip(known, sums, strict=True)
        ]
    elif errors and len(errors) == len(known):
        shares = [sum(errors) / sum(sums)] * len(groups)
    else:
        shares = [SHARED_NOISE] * len(groups)
    return [FilledZone(group, share) for group, share in zip(groups, shares, strict=True)]


def _fit(found: list[Zone], known: list[history.ZoneHistory]) -> bool:
    """Whether the zones in the image are the filled ones of HISTORY, and about as large."""
    if [zone.history for zone in found] != known:
        return False
    ratios = [int(zone.where.sum()) / one.pixels for zone, one in zip(found, known, strict=True) if one.pixels]
    return all(FITTING[0] <= ratio <= FITTING[1] for ratio in ratios)
