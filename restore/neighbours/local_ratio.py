"""The smooth local ratio of two images of the same scene, defined in holes by what surrounds them.

Through another polariser or filter, or from another telescope, the corona is brighter or fainter by a factor that
follows position: polarisation turns with the position angle and changes along the radius. The ratio is the median in
small cells, which stars and cosmic rays do not move, smoothed by a Gaussian; where that finds little, in large holes,
wider ones take over.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.lasco.level05 import blocks

CELL = 8
"""Rows and columns of a cell, px."""

FEWEST = 0.25
"""Minimum share of the pixels of a cell that both images must have, for its median to count."""

WIDTHS = (512.0, 256.0, 128.0, 64.0, 32.0)
"""Standard deviations of the Gaussians, px, from wide to narrow: the last one is a telemetry block."""

PRIOR = 1e-3
"""Weight of the ratio of the wider Gaussian in the next one, in cells full of pixels: nothing beside what is observed,
everything in the middle of a hole."""

MOST = 4.0
"""Maximum factor between the ratio of a cell and that of the whole images."""


def local_ratio(
    image: NDArray[np.floating], other: NDArray[np.floating], common: NDArray[np.bool_]
) -> NDArray[np.float32]:
    """Factor by which another image is to be multiplied.

    Parameters
    ----------
    image, other : ndarray of float, shape (H, W)
        H and W are multiples of `CELL`.
    common : ndarray of bool, shape (H, W)
        Pixels that are known and above zero in both; at least one.

    Returns
    -------
    ndarray of float32, shape (H, W)
        Finite and above zero everywhere.
    """
    ratio = np.divide(image, other, out=np.full(image.shape, np.nan), where=common)
    whole = float(np.median(ratio[common]))
    share = blocks.block_means(common, (CELL, CELL))
    share[share < FEWEST] = 0
    medians = np.full(share.shape, whole)
    medians[share > 0] = np.nanmedian(_cells(ratio)[share > 0], axis=-1)
    medians = share * np.clip(medians, whole / MOST, whole * MOST)
    found = np.full(share.shape, whole)
    for width in WIDTHS:
        weight, total = (ndimage.gaussian_filter(plane, width / CELL) for plane in (share, medians))
        found = (total + PRIOR * found) / (weight + PRIOR)
    return _at_pixels(found, image.shape)


def _cells(image: NDArray[np.float64]) -> NDArray[np.float64]:
    """The pixels of each cell; shape (H / CELL, W / CELL, CELL * CELL)."""
    rows, columns = (size // CELL for size in image.shape)
    return image.reshape(rows, CELL, columns, CELL).swapaxes(1, 2).reshape(rows, columns, -1)


def _at_pixels(cells: NDArray[np.float64], shape: tuple[int, ...]) -> NDArray[np.float32]:
    """Linear interpolation between the middles of cells."""
    for axis, size in enumerate(shape):
        places = np.clip((np.arange(size) + 0.5) / CELL - 0.5, 0, cells.shape[axis] - 1)
        low = np.minimum(places.astype(int), cells.shape[axis] - 2)
        part = np.expand_dims(places - low, 1 - axis)
        cells = (1 - part) * np.take(cells, low, axis) + part * np.take(cells, low + 1, axis)
    return cells.astype(np.float32)
