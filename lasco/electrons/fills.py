"""The filled zones of a product on its own pixels, and how much the errors of a zone's pixels are alike.

HISTORY gives for each filled zone the error of the sum of its fill on the detector grid. Over the sum of NOISE in the
pixels of the zone it is the share f of that sum which the error of a sum over the zone has: 1 where all pixels are off
by their sigma together, one over the root of their number where they are independent.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.lasco.level05.blocks import BLOCK_SIZE
from corinpaint.lasco.level1.product import Flag, Level1, Level1File, flagged
from corinpaint.lasco.notebook import history

SHARED_NOISE = 1.5
"""By how much the error of a sum exceeds what NOISE gives for independent pixels, since neighbours share noise after
the bilinear interpolation: the mean of its squared weights over all places between the pixels is 4 / 9."""

SAME_ZONE = 3 * BLOCK_SIZE // 2
"""Blocks with one or no other between them are in one zone: filled pixels less far apart than this, px."""

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
        Where the zones of HISTORY and the filled pixels do not fit each other (rolled frames, zones of which a part is
        masked), all have the share of all zones together. Where HISTORY has no error, the errors of all pixels of a
        zone count as wholly alike. Empty without a MASK.
    """
    if product.mask is None or product.noise is None:
        return []
    groups = _groups(flagged(product.mask, Flag.FILLED), upside_down=product.header.get("RECTIFY") == 180)
    known = [zone for zone in history.zones(product.header) if zone.method]
    errors = [zone.total_error for zone in known if zone.total_error is not None]
    noise = product.noise.astype(np.float64)
    if _fit(groups, known):
        sums = [float(noise[group].sum()) for group in groups]
        shares = [
            SHARED_NOISE if zone.total_error is None else zone.total_error / one
            for zone, one in zip(known, sums, strict=True)
        ]
    elif errors and len(errors) == len(known):
        shares = [sum(errors) / float(sum(noise[group].sum() for group in groups))] * len(groups)
    else:
        shares = [SHARED_NOISE] * len(groups)
    return [FilledZone(group, share) for group, share in zip(groups, shares, strict=True)]


def _groups(filled: NDArray[np.bool_], *, upside_down: bool) -> list[NDArray[np.bool_]]:
    """Filled pixels by zone, in the order in which zones are numbered: by the lowest block on the detector."""
    near = ndimage.maximum_filter(filled.astype(np.uint8), SAME_ZONE)
    labels, count = ndimage.label(near, np.ones((3, 3), dtype=bool))
    groups = [filled & (labels == number) for number in range(1, count + 1)]
    return sorted(groups, key=lambda group: _first_block(group[::-1, ::-1] if upside_down else group))


def _first_block(group: NDArray[np.bool_]) -> tuple[int, int]:
    """Row of blocks and first column of a group; the distortion moves it by less than half a block."""
    rows = np.flatnonzero(group.any(axis=1))
    lowest = group[rows[0] : rows[0] + BLOCK_SIZE // 2]
    return round(rows[0] / BLOCK_SIZE), int(np.flatnonzero(lowest.any(axis=0))[0])


def _fit(groups: list[NDArray[np.bool_]], known: list[history.ZoneHistory]) -> bool:
    if len(groups) != len(known):
        return False
    ratios = [int(group.sum()) / zone.pixels for group, zone in zip(groups, known, strict=True) if zone.pixels]
    return all(FITTING[0] <= ratio <= FITTING[1] for ratio in ratios)
