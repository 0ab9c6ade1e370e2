"""Stars, planets, cosmic rays and dust in what a network is given: found by their contrast, in units of the noise.

A fill is made from the pixels beside the hole, so a bright star there leaks into it, and so does a dark speck of dust
on the detector. Such pixels are hidden from the network; the product keeps them.

A point source is brighter than the pixels on both sides of it, in every direction: a front, a streamer or the rim of
the occulter is not, along itself. So the contrast of a pixel is its level less that of the brighter of the two pixels
`DISTANCE` px away on opposite sides, the least over 16 directions. Beside a hole or the occulter, where one side is
unknown, the slope of the other side goes on into it. A speck is the same, darker.

A source counts as a Gaussian whose width its peak and the neighbours of the peak tell (real stars have a quarter of the
peak at 1 px and 1 to 4 % of it at 2 to 3 px), so that one with a peak of c sigma is less than 1 sigma beyond
``sqrt(2 ln c)`` widths; of that disk the pixels are hidden that exceed those around it. Planets that saturate have
halos of about 10 px, and trails that have none.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.lasco.level05 import blocks
from corinpaint.restore.network.equalisation import Equaliser

CONTRAST = 5.0
"""Least contrast of a point source, in units of the noise."""

DISTANCE = 4
"""Distance of the pixels that a pixel is compared with, px."""

LARGEST_SHARE = 0.8
"""Largest share of a peak that its neighbours may have: a standard deviation of 1.5 px."""

CORE = 1.5
"""Radius around a peak within which all pixels are hidden, px."""

WING_EXCESS = 0.5
"""Least excess of the other pixels of a disk that are hidden over those beyond it, in units of the noise."""

HALO = 12
"""Largest distance from a saturated pixel to the end of its halo, px."""

HALO_CONTRAST = 3.0
"""Least contrast of a pixel of a halo with the pixels beyond it (`2 * HALO` px away), in units of the noise."""

BESIDE_TRAIL = 2
"""Distance from a saturated pixel within which all pixels are hidden, px."""

REACH = 96
"""Distance from the missing blocks up to which sources are looked for, px: the fill of 3 x 3 blocks is moved by a star
of 6000 DN by 0.5 sigma at most from 50 px away, and by 0.1 from 100 px."""

Levels = NDArray[np.floating]
Mask = NDArray[np.bool_]
Places = tuple[NDArray[np.integer], ...]
"""Rows and columns of some pixels."""


class Plane(NamedTuple):
    """An image and what is known of it.

    Attributes
    ----------
    image : ndarray of float, shape (H, W)
        Unit of the frame; meaningless where not known.
    known : ndarray of bool, shape (H, W)
    saturated : ndarray of bool, shape (H, W), or None
        Saturated pixels, which are not known; None for none.
    """

    image: Levels
    known: Mask
    saturated: Mask | None = None


def without_sources(plane: Plane, scale: Equaliser, zones: Iterable[blocks.Zone]) -> Mask:
    """The known pixels of a plane less the point sources around some zones.

    Parameters
    ----------
    plane : Plane
    scale : Equaliser
        From the image to units of the noise.
    zones : iterable of Zone

    Returns
    -------
    ndarray of bool, shape (H, W)
    """
    kept = plane.known.copy()
    for zone in zones:
        place = blocks.bounding_box(zone.missing, plane.known.shape, REACH)
        known = plane.known[place]
        level = scale.forward(np.where(known, plane.image[place], 0))
        kept[place] &= ~point_sources(level, known, None if plane.saturated is None else plane.saturated[place])
    return kept


def point_sources(level: Levels, known: Mask, saturated: Mask | None = None) -> Mask:
    """Find point sources, saturated trails and their halos.

    Parameters
    ----------
    level : ndarray of float, shape (H, W)
        Brightness in units of the noise.
    known : ndarray of bool, shape (H, W)
        Pixels that were observed; no other is read.
    saturated : ndarray of bool, shape (H, W), optional

    Returns
    -------
    ndarray of bool, shape (H, W)
        Pixels that belong to a source, known or not.
    """
    found = np.zeros(known.shape, dtype=bool)
    seen = np.where(known, level, np.nan).astype(np.float32)
    for sign in (1, -1):
        found |= _spots(sign * seen)
    if saturated is not None and saturated.any():
        distance = ndimage.distance_transform_edt(~saturated)
        found |= distance <= BESIDE_TRAIL
        near = np.nonzero((distance <= HALO) & known)
        found[_some(near, _contrast(seen, near, 2 * HALO) > HALO_CONTRAST)] = True
    return found


def _spots(seen: Levels) -> Mask:
    """Pixels of bright spots."""
    found = np.zeros(seen.shape, dtype=bool)
    places = _candidates(seen)
    contrast = _contrast(seen, places, DISTANCE)
    places, contrast = _some(places, contrast > CONTRAST), contrast[contrast > CONTRAST]
    _paint(found, places, CORE)
    radius = np.round(2 * _width(seen, places, contrast) * np.sqrt(2 * np.log(contrast))) / 2
    for size in np.unique(radius[radius > CORE]).tolist():
        disks = np.zeros_like(found)
        _paint(disks, _some(places, radius == size), size)
        wings = np.nonzero(disks & np.isfinite(seen) & ~found)
        found[_some(wings, _excess(seen, wings, 2 * int(np.ceil(size))) > WING_EXCESS)] = True
    return found


def _width(seen: Levels, places: Places, contrast: NDArray[np.float32]) -> NDArray[np.float32]:
    """Standard deviation of the Gaussians with a peak at some pixels, from their four neighbours, px; 0 for no peak."""
    rows, columns = (place + 1 for place in places)
    wide = np.pad(seen, 1, constant_values=np.nan)
    beside = np.stack([wide[rows + down, columns + right] for down, right in ((0, 1), (1, 0), (0, -1), (-1, 0))])
    base = seen[places] - contrast
    share = (np.where(np.isfinite(beside), beside, base).mean(axis=0) - base) / contrast
    peak = np.fmax.reduce(beside, axis=0, initial=-np.inf) <= seen[places]
    return np.where(peak, np.sqrt(-0.5 / np.log(np.clip(share, 1e-3, LARGEST_SHARE))), 0).astype(np.float32)


def _candidates(seen: Levels) -> Places:
    """Pixels that stand out along both axes and diagonals; a superset of those of a large `_contrast`, fast to find."""
    wide = np.pad(seen, DISTANCE, constant_values=np.nan)
    high, width = seen.shape
    least = np.full(seen.shape, np.inf, dtype=np.float32)
    for down, right in _directions(DISTANCE)[::4]:
        ends = [wide[DISTANCE + sign * down :, DISTANCE + sign * right :][:high, :width] for sign in (1, -1)]
        least = np.fmin(least, seen - np.fmax(*ends))
    return np.nonzero(np.isfinite(seen) & (least > CONTRAST))


def _contrast(seen: Levels, places: Places, distance: int) -> NDArray[np.float32]:
    """Level of some pixels less that of the brighter of both ends, the least over all directions."""
    contrast = seen[places] - _ends(seen, places, distance).max(axis=1)
    least = np.fmin.reduce(contrast, axis=0)
    return np.where(np.isnan(least), -np.inf, least).astype(np.float32)


def _excess(seen: Levels, places: Places, distance: int) -> NDArray[np.float32]:
    """Level of some pixels less the mean of both ends, the median over the directions; a slope does not count."""
    means = np.sort(_ends(seen, places, distance).mean(axis=1), axis=0)  # NaN come last
    middle = (np.isfinite(means).sum(axis=0) - 1) // 2
    return np.asarray(seen[places] - np.take_along_axis(means, middle[None], axis=0)[0], dtype=np.float32)


def _ends(seen: Levels, places: Places, distance: int) -> NDArray[np.float32]:
    """Levels at a distance to both sides of some pixels.

    Returns
    -------
    ndarray of float32, shape (16, 2, pixels)
        In 16 directions. Where one side is unknown, what the slope of the other side continues to; NaN where both
        are.
    """
    rows, columns = (place + 2 * distance for place in places)
    wide = np.pad(seen, 2 * distance, constant_values=np.nan)
    steps = np.array(_directions(distance))[:, None, :, None] * np.array([1, -1])[:, None, None]
    near, far = (wide[rows + count * steps[:, :, 0], columns + count * steps[:, :, 1]] for count in (1, 2))
    onward = np.where(np.isfinite(far), 2 * near - far, near)[:, ::-1]
    return np.asarray(np.where(np.isfinite(near), near, onward), dtype=np.float32)


def _directions(distance: int) -> Sequence[tuple[int, int]]:
    """Steps (rows, columns) of 16 directions, one of each opposite pair; every fourth is an axis or a diagonal."""
    angles = np.arange(16) * np.pi / 16
    steps = np.rint(distance * np.stack((np.sin(angles), np.cos(angles)), axis=1)).astype(int)
    return [(int(down), int(right)) for down, right in steps]


def _some(places: Places, which: Mask) -> Places:
    return places[0][which], places[1][which]


def _paint(mask: Mask, places: Places, radius: float) -> None:
    """Set the disks of a radius in px about some pixels."""
    around = np.indices((2 * int(radius) + 1,) * 2).reshape(2, -1) - int(radius)
    down, right = around[:, np.hypot(*around) <= radius]
    rows, columns = places[0][:, None] + down, places[1][:, None] + right
    inside = (rows >= 0) & (rows < mask.shape[0]) & (columns >= 0) & (columns < mask.shape[1])
    mask[rows[inside], columns[inside]] = True
