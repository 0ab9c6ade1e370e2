"""SolarSoft's fuzzy fill: hierarchical compass interpolation, then a fuzzy restoration of the DCT of each block.

After ``fuzzy_image.pro`` 1.7 and the paper that it follows, Lee, Zhang and Leon-Garcia (1995), "Information loss
recovery for block-based image coding techniques - a fuzzy logic approach", IEEE Trans. Image Processing 4(3), 259.
Written from a description, not from the code. Where that is silent, the plain choice was taken:

- SolarSoft fills ``max(rate - background, 0) + background``, with 0.8 of a monthly image as background, which lies
  below every pixel of the corona. Here it is 0.8 of the power of the radius that the zone itself follows, and
  brightness in place of the count rate. That power may lie above a pixel, and above all of them where the brightness is
  negative (far from the sun, where the stray light that is subtracted exceeds that of the frame), so what is below it
  is kept, not cut off at 0.
- The median filter and the Sobel gradients see observed pixels only. In the filter the nearest observed pixel stands in
  for one that is not; a gradient counts where all its nine cells are known.
- Sub-blocks of which less than half is observed count as unknown. On a line the splines are natural ones; beyond the
  last known sub-block its value is kept, and where a line passes between two sub-blocks the value is linear. Where a
  line meets no known sub-block, the nearest value counts.
- The smooth surface is a bicubic spline. The DCT is that of the median-filtered zone with the hole interpolated; all
  nine blocks vote, the interpolated one among them, and ties go to the orientation with more energy. Blocks that are
  not whole are left out.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft, interpolate, ndimage

from corinpaint.lasco.level05.blocks import BLOCK_SIZE, block_means
from corinpaint.restore.methods.problem import Fill, Problem
from corinpaint.restore.methods.windows import Image, Mask, Window, by_zone, fall_off, polar

BACKGROUND = 0.8
"""Share of the background that is subtracted before the fill."""

FILTER = 7
"""Width of the median filter, px."""

COARSE, FINE = 4, 8
"""Sub-blocks along each side of a block, for the direction and for the interpolation."""

RING = 2
"""Depth of the border of coarse sub-blocks whose gradients give the direction."""

LOW = 4
"""Radius of the DCT below which coefficients belong to no orientation."""

HIGH = 0.9
"""Radius above which they do not either, in sides of a block."""

AXIS = 15.0
"""Degrees from an axis of the DCT up to which a coefficient is horizontal or vertical."""

CONFIDENCE = 0.5
"""Confidence in the blocks whose orientation is that of the neighbourhood."""

Direction = tuple[float, float]
"""Unit vector (row, column)."""


def fuzzy() -> Fill:
    """SolarSoft's fuzzy fill."""

    def fill(problem: Problem) -> NDArray[np.float32]:
        return by_zone(problem, BLOCK_SIZE, lambda window: _less_background(window, problem.centre))

    return fill


def _less_background(window: Window, centre: tuple[float, float]) -> Image:
    background = BACKGROUND * fall_off(window, polar(window, centre)[0])
    above = np.where(window.observed, window.image - background, 0)
    window = replace(window, image=above)
    return fuzzy_dct(window, compass(window)) + background


def compass(window: Window) -> Image:
    """Hierarchical compass interpolation.

    Parameters
    ----------
    window : Window
        Whole blocks.

    Returns
    -------
    ndarray of float64, shape of the window
        The median-filtered image with the hole interpolated along one direction; NaN where neither observed nor in the
        hole, and all over the hole where no sub-block is known.
    """
    smooth = ndimage.median_filter(_nearest(window.image, window.observed), FILTER, mode="nearest")
    along = _isophote(window, smooth)
    cells, known = _cells(smooth, window.observed, BLOCK_SIZE // FINE)
    lines = _lines(cells, known, along)
    surface = _surface(lines, window.image.shape, BLOCK_SIZE // FINE)
    rows, columns = np.indices(surface.shape)
    beside = [
        ndimage.map_coordinates(surface, [rows + k * along[0], columns + k * along[1]], order=1, mode="nearest")
        for k in (-1, 0, 1)
    ]
    filled = np.where(window.observed, smooth, np.nan)
    filled[window.hole] = np.mean(beside, axis=0)[window.hole]
    return filled


def _nearest(image: Image, observed: Mask) -> Image:
    """The image with the nearest observed pixel in place of what is not observed."""
    where = ndimage.distance_transform_edt(~observed, return_distances=False, return_indices=True)
    return np.asarray(image[tuple(where)])


def _cells(image: Image, observed: Mask, cell: int) -> tuple[Image, Mask]:
    """Means of the observed pixels of each sub-block, and where at least half of it is observed."""
    share = block_means(observed, (cell, cell))
    return block_means(np.where(observed, image, 0), (cell, cell)) / np.maximum(share, 1e-9), share >= 0.5


def _isophote(window: Window, smooth: Image) -> Direction:
    """Direction perpendicular to the gradient around the hole.

    The sums of the absolute gradients give the angle up to its quadrant, the plain sums their signs. Where waves go up
    and down around the hole, so that the plain sums are near zero, the quadrant is left to chance; so it is in the
    original.
    """
    cells, known = _cells(smooth, window.observed, BLOCK_SIZE // COARSE)
    square = np.ones((3, 3), dtype=bool)
    whole = ndimage.binary_erosion(known, square)
    missing = block_means(window.hole, (BLOCK_SIZE // COARSE, BLOCK_SIZE // COARSE)) > 0
    ring = ndimage.binary_dilation(missing, square, iterations=RING) & whole
    ring = ring if ring.any() else whole
    slopes = [ndimage.sobel(cells, axis)[ring] for axis in (0, 1)]
    row, column = (np.copysign(np.abs(slope).sum(), slope.sum()) for slope in slopes)
    length = float(np.hypot(row, column))
    return (float(-column / length), float(row / length)) if length > 0 else (0.0, 1.0)


def _lines(cells: Image, known: Mask, along: Direction) -> Image:
    """Every unknown sub-block from the known ones on the line through it; NaN where there is none."""
    if abs(along[0]) > abs(along[1]):
        return _lines(cells.T, known.T, (along[1], along[0])).T
    high, wide = cells.shape
    steps = np.arange(wide)
    filled = np.where(known, cells, np.nan)
    for row, column in np.argwhere(~known):
        height = row + (steps - column) * along[0] / along[1]
        below = np.floor(height).astype(int)
        share = height - below
        above = below + (share > 0)
        met = (below >= 0) & (above < high)
        met[met] = known[below[met], steps[met]] & known[above[met], steps[met]]
        values = (1 - share[met]) * cells[below[met], steps[met]] + share[met] * cells[above[met], steps[met]]
        filled[row, column] = _on_line(steps[met], values, int(column))
    return filled


def _on_line(places: NDArray[np.int64], values: Image, here: int) -> float:
    if not places.size:
        return float("nan")
    if not places[0] < here < places[-1]:
        return float(values[0] if here <= places[0] else values[-1])
    return float(interpolate.CubicSpline(places, values, bc_type="natural")(here))


def _surface(cells: Image, shape: tuple[int, ...], cell: int) -> Image:
    """Bicubic spline through the centres of the sub-blocks at every pixel; the nearest one stands in for a NaN."""
    unknown = ~np.isfinite(cells)
    if unknown.all():
        return np.full(shape, np.nan)
    whole = _nearest(np.where(unknown, 0, cells), ~unknown)
    places = [
        np.clip((np.arange(size) + 0.5) / cell - 0.5, 0, count - 1)
        for size, count in zip(shape, cells.shape, strict=True)
    ]
    surface = interpolate.RectBivariateSpline(np.arange(cells.shape[0]), np.arange(cells.shape[1]), whole)(*places)
    return np.asarray(surface)


def fuzzy_dct(window: Window, interpolated: Image) -> Image:
    """Restore the detail of each missing block from the spectra of its neighbours.

    Parameters
    ----------
    window : Window
        Whole blocks.
    interpolated : ndarray of float64, shape of the window
        With the hole interpolated.

    Returns
    -------
    ndarray of float64, shape of the window
        The hole with new detail.
    """
    filled = interpolated.copy()
    for row, column in np.argwhere(block_means(window.hole) > 0):
        around = [
            interpolated[_block(r, c)]
            for r in range(max(row - 1, 0), row + 2)
            for c in range(max(column - 1, 0), column + 2)
        ]
        whole = [block for block in around if block.shape == (BLOCK_SIZE, BLOCK_SIZE) and np.isfinite(block).all()]
        own = interpolated[_block(row, column)]
        if np.isfinite(own).all():
            spectrum = _restored(fft.dctn(own, norm="ortho"), whole)
            filled[_block(row, column)] = fft.idctn(spectrum, norm="ortho")
    return filled


def _block(row: int, column: int) -> tuple[slice, slice]:
    """Rows and columns of a block of the window."""
    first, left = row * BLOCK_SIZE, column * BLOCK_SIZE
    return slice(first, first + BLOCK_SIZE), slice(left, left + BLOCK_SIZE)


def _restored(spectrum: Image, around: list[Image]) -> Image:
    """A block's spectrum with the coefficients of the neighbourhood's orientation made anew.

    Each becomes an interval: from the least to the largest of all blocks, cut with that interval drawn half-way
    (`CONFIDENCE`) towards the coefficient of each block of that orientation. The middle of it is taken.
    """
    spectra = np.stack([fft.dctn(block, norm="ortho") for block in around])
    parts = _parts((spectrum.shape[0], spectrum.shape[1]))
    energy = np.stack([np.square(spectra[:, part]).mean(axis=1) for part in parts])
    own = energy.argmax(axis=0)
    votes = np.bincount(own, minlength=len(parts))
    winner = max(range(len(parts)), key=lambda i: (votes[i], energy[i].sum()))
    part = parts[winner]
    least, most = spectra[:, part].min(axis=0), spectra[:, part].max(axis=0)
    members = spectra[own == winner][:, part]
    low = (least + CONFIDENCE * (members - least)).max(axis=0)
    top = (most - CONFIDENCE * (most - members)).min(axis=0)
    restored = spectrum.copy()
    restored[part] = (low + top) / 2
    return restored


@lru_cache(maxsize=4)
def _parts(side: tuple[int, int]) -> tuple[Mask, Mask, Mask]:
    """Coefficients of horizontal, vertical and diagonal detail."""
    rows, columns = np.indices(side)
    radius, angle = np.hypot(rows, columns), np.degrees(np.arctan2(rows, columns))
    detail = (radius >= LOW) & (radius <= HIGH * min(side))
    flat, steep = angle <= AXIS, angle >= 90 - AXIS
    return detail & flat, detail & steep, detail & ~flat & ~steep
