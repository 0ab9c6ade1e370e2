"""How far stars in a product lie from their expected places: the check of its coordinates, scale and fluxes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.lasco.geometry.stars import Places, expected_places

BACKGROUND_PX = 9
"""Side of the median filter that the corona is taken from, px."""

SEARCH_PX = {"C2": 8, "C3": 5}
"""How far from its expected place a star is looked for, px of the product: the error of SOHO's position by the model is
0.8 px of C2."""

NOISE_PX = 12
"""Margin about the searched pixels in which the noise is measured, px."""

MIN_SIGNIFICANCE = 8.0
"""Minimum height of a peak, averaged over 3 x 3 px, over the noise of such averages."""

MAX_SCATTER_PX = 2.0
"""Maximum distance of a star from the common shift; one further away is another star or a cosmic ray."""

CENTROID_PX = 2
"""Half side of the box in which the centroid is measured, px."""

APERTURE_PX, ANNULUS_PX = 3.6, (6.0, 10.0)
"""Radius of the circle in which the flux is summed, and radii of the ring that its background is fitted in, px."""

MAX_DEVIATION = 2.5
"""Maximum deviation of a pixel of the ring from the background, in standard deviations; others are stars."""

MIN_STARS_FOR_ROLL = 5
"""Minimum number of stars from which roll and scale are fitted."""

MAD_TO_SIGMA = 1.4826
"""Standard deviation over median absolute deviation of a normal distribution."""


@dataclass(frozen=True, eq=False)
class StarOffsets:
    """Stars of a product and where they were found; arrays of shape (N,).

    Attributes
    ----------
    expected : Places
        Places by the header of the product.
    column, row : ndarray of float64
        Centroids, px from 0; NaN where no peak is significant.
    flux, flux_error : ndarray of float64
        Sum over a circle less the background in a ring about it, and its error from the scatter of that background
        (1 sigma), unit of the product times px; NaN where no peak is significant.
    matched : ndarray of bool
        Stars that were found within `MAX_SCATTER_PX` of the common shift.
    sun : tuple of float
        Sun centre (column, row), px from 0.
    """

    expected: Places
    column: NDArray[np.float64]
    row: NDArray[np.float64]
    flux: NDArray[np.float64]
    flux_error: NDArray[np.float64]
    matched: NDArray[np.bool_]
    sun: tuple[float, float]

    @property
    def offsets(self) -> NDArray[np.float64]:
        """Found minus expected places of the matched stars, (column, row), px; shape (M, 2)."""
        differences = np.stack([self.column - self.expected.column, self.row - self.expected.row], axis=1)
        return np.asarray(differences[self.matched])

    @property
    def median_offset(self) -> float:
        """Median distance of the matched stars from their expected places, px; NaN without any."""
        return float(np.median(np.hypot(*self.offsets.T))) if self.matched.any() else float("nan")

    @property
    def shift(self) -> tuple[float, float]:
        """Median of the offsets (column, row), px; NaN without any star."""
        if not self.matched.any():
            return float("nan"), float("nan")
        column, row = np.median(self.offsets, axis=0)
        return float(column), float(row)

    @property
    def radius(self) -> NDArray[np.float64]:
        """Expected distance of the matched stars from the sun centre, px; shape (M,)."""
        return np.hypot(self.expected.column - self.sun[0], self.expected.row - self.sun[1])[self.matched]

    @property
    def roll_and_scale(self) -> tuple[float, float]:
        """Rotation of the found stars against the expected ones (degrees, counter-clockwise), and their scale.

        Both are NaN with fewer than `MIN_STARS_FOR_ROLL` stars. They are fitted with a shift by least squares.
        """
        if np.count_nonzero(self.matched) < MIN_STARS_FOR_ROLL:
            return float("nan"), float("nan")
        wanted = (self.expected.column - self.sun[0]) + 1j * (self.expected.row - self.sun[1])
        found = (self.column - self.sun[0]) + 1j * (self.row - self.sun[1])
        wanted, found = wanted[self.matched], found[self.matched]
        wanted, found = wanted - wanted.mean(), found - found.mean()
        factor = np.vdot(wanted, found) / np.vdot(wanted, wanted)
        return float(np.degrees(np.angle(factor))), float(np.abs(factor))


def measure(data: NDArray[np.floating], header: fits.Header) -> StarOffsets:
    """Find the stars of the catalogue in a product.

    Parameters
    ----------
    data : ndarray of float, shape (H, W)
        Image of the product, NaN where there is no value.
    header : astropy.io.fits.Header
        Its header.

    Returns
    -------
    StarOffsets
        Stars with a pixel without a value near them are left out.
    """
    places = expected_places(header, (data.shape[0], data.shape[1]))
    reach = SEARCH_PX[str(header["DETECTOR"]).strip()]
    flat = _without_corona(data)
    found = np.array([_peak(flat, row, column, reach) for row, column in zip(places.row, places.column, strict=True)])
    found = found.reshape(-1, 3)
    seen = np.isfinite(found[:, 0])
    places = Places(*(values[seen] for values in places))
    row, column, significance = found[seen].T
    sun = (float(header["CRPIX1"]) - 1, float(header["CRPIX2"]) - 1)
    good = significance >= MIN_SIGNIFICANCE
    row, column = np.where(good, row, np.nan), np.where(good, column, np.nan)
    matched = _consistent(column - places.column, row - places.row, good)
    fluxes = np.array([_flux(data, *place) for place in zip(row, column, strict=True)]).reshape(-1, 2)
    return StarOffsets(places, column, row, fluxes[:, 0], fluxes[:, 1], matched, sun)


def _without_corona(data: NDArray[np.floating]) -> NDArray[np.float64]:
    """The image less its median filter; NaN where it has no value."""
    finite = np.isfinite(data)
    filled = np.where(finite, data, 0.0).astype(np.float64)
    return np.where(finite, filled - ndimage.median_filter(filled, size=BACKGROUND_PX), np.nan)


def _peak(flat: NDArray[np.float64], row: float, column: float, reach: int) -> tuple[float, float, float]:
    """Centroid (row, column) and significance of the highest peak near a place; NaN at the edge of the field."""
    nothing = (float("nan"),) * 3
    i, j, margin = round(row), round(column), reach + NOISE_PX
    if min(i, j) < margin or i >= flat.shape[0] - margin or j >= flat.shape[1] - margin:
        return nothing
    window = flat[i - margin : i + margin + 1, j - margin : j + margin + 1]
    if not np.isfinite(window).all():
        return nothing
    smooth = ndimage.uniform_filter(window, 3)
    noise = MAD_TO_SIGMA * np.median(np.abs(smooth - np.median(smooth)))
    inside = smooth[NOISE_PX:-NOISE_PX, NOISE_PX:-NOISE_PX]
    y, x = (int(k) + NOISE_PX for k in np.unravel_index(np.argmax(inside), inside.shape))
    box = np.clip(window[y - CENTROID_PX : y + CENTROID_PX + 1, x - CENTROID_PX : x + CENTROID_PX + 1], 0, None)
    if box.sum() <= 0 or noise <= 0:
        return nothing
    rows, columns = np.mgrid[-CENTROID_PX : CENTROID_PX + 1, -CENTROID_PX : CENTROID_PX + 1]
    return (
        i - margin + y + float((box * rows).sum() / box.sum()),
        j - margin + x + float((box * columns).sum() / box.sum()),
        float(smooth[y, x] / noise),
    )


def _flux(data: NDArray[np.floating], row: float, column: float) -> tuple[float, float]:
    """Flux of a star and its error, above a background that is a paraboloid fitted in a ring; NaN without a place."""
    if not np.isfinite(row):
        return float("nan"), float("nan")
    i, j, reach = round(row), round(column), int(ANNULUS_PX[1])
    window = data[i - reach : i + reach + 1, j - reach : j + reach + 1].astype(np.float64)
    y, x = np.mgrid[-reach : reach + 1, -reach : reach + 1]
    square = (x**2 + y**2).astype(np.float64)
    terms = np.stack([np.ones_like(square), x, y, square], axis=-1)
    ring = (square > ANNULUS_PX[0] ** 2) & (square < ANNULUS_PX[1] ** 2)
    design, values = terms[ring], window[ring]
    kept = np.ones(values.size, dtype=bool)
    sigma = 0.0
    for _ in range(4):
        coefficients, *_ = np.linalg.lstsq(design[kept], values[kept], rcond=None)
        residuals = np.abs(values - design @ coefficients)
        sigma = MAD_TO_SIGMA * float(np.median(residuals[kept]))
        kept = residuals <= MAX_DEVIATION * sigma
    circle = square < APERTURE_PX**2
    flux = (window - terms @ coefficients)[circle].sum()
    return float(flux), float(sigma * np.sqrt(np.count_nonzero(circle)))


def _consistent(x: NDArray[np.float64], y: NDArray[np.float64], good: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """Good stars near the common shift, which is the median of the largest group that agrees; shape (N,)."""
    if not good.any():
        return good
    candidates = np.flatnonzero(good)
    distances = np.hypot(x[candidates, None] - x[candidates], y[candidates, None] - y[candidates])
    centre = candidates[np.argmax((distances <= MAX_SCATTER_PX).sum(axis=1))]
    group = good & (np.hypot(x - x[centre], y - y[centre]) <= MAX_SCATTER_PX)
    shift = np.median(x[group]), np.median(y[group])
    return np.asarray(good & (np.hypot(x - shift[0], y - shift[1]) <= MAX_SCATTER_PX))
