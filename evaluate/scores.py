"""Figures of a fill, for one hole and from its own pixels alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from astropy.stats import mad_std
from numpy.typing import NDArray
from scipy import ndimage

Image = NDArray[np.float64]

SIGMA_OF_MEDIAN = 0.6745
"""Median absolute value of a normal distribution of unit width."""

SIGMA_OF_90 = 1.6449
"""Its 90th percentile."""

IN_DOMAIN = ("error", "error_90", "bias_sigma", "bias_percent", "psnr", "ssim")
"""Figures that `in_domain` gives."""

SMOOTHING = 3.0
"""Standard deviation of the smoothing that tells the structure of the truth from its noise, px."""

MARGIN = 8
"""Px around a hole that the structural similarity takes in."""

MIN_SCATTER = 1e-9
"""Minimum scatter of a profile over the mean brightness; below it the profile is flat but for rounding."""

MIN_BINS = 6
"""Minimum number of position angles of a profile across streamers."""

MIN_BIN_PIXELS = 8
"""Minimum number of pixels of a position angle."""


@dataclass(frozen=True)
class DomainImages:
    """A filled image and its truth in one domain (DN, MSB or equalised).

    Attributes
    ----------
    truth, fill : ndarray of float64, shape (H, W)
    noise : ndarray of float64, shape (H, W)
        1 sigma of the truth's pixels.
    span : float
        Range of the domain, for PSNR and SSIM.
    """

    truth: Image
    fill: Image
    noise: Image
    span: float


def in_domain(images: DomainImages, hole: NDArray[np.bool_]) -> dict[str, float]:
    """Figures of one domain.

    Parameters
    ----------
    images : DomainImages
    hole : ndarray of bool, shape (H, W)
        Pixels of the hole that have a truth.

    Returns
    -------
    dict
        error : median error over median noise, 1 when the error is as large as the noise; error_90 : the same of the
        90th percentiles; bias_sigma : median signed error over median noise; bias_percent : mean error over mean
        truth; psnr : dB; ssim.
    """
    truth, fill, noise = (image[hole] for image in (images.truth, images.fill, images.noise))
    error, level = fill - truth, float(np.median(noise))
    size = np.abs(error)
    return {
        "error": float(np.median(size)) / SIGMA_OF_MEDIAN / level,
        "error_90": float(np.quantile(size, 0.9)) / SIGMA_OF_90 / level,
        "bias_sigma": float(np.median(error)) / level,
        "bias_percent": 100 * float(error.mean() / truth.mean()),
        "psnr": float(10 * np.log10(images.span**2 / max(float(np.mean(error**2)), 1e-300))),
        "ssim": _similarity(images, hole),
    }


def _similarity(images: DomainImages, hole: NDArray[np.bool_]) -> float:
    """Structural similarity (Wang et al. 2004) of the hole's pixels, seen with the pixels around."""
    from skimage.metrics import structural_similarity

    rows, columns = np.nonzero(hole)
    window = tuple(slice(max(int(p.min()) - MARGIN, 0), int(p.max()) + MARGIN + 1) for p in (rows, columns))
    truth, fill = images.truth[window], np.where(hole, images.fill, images.truth)[window]
    compare: Callable[..., tuple[float, Image]] = structural_similarity
    _, similarity = compare(truth, fill, data_range=images.span, full=True, gaussian_weights=True)
    return float(similarity[hole[window]].mean())


def laplacian_noise(truth: Image, hole: NDArray[np.bool_]) -> float:
    """Noise of the truth in a hole after Immerkaer (1996): MAD standard deviation of a Laplacian difference over 6.

    Noise that lossy compression removed is not in it; `DomainImages.noise` does.
    """
    kernel = np.array([[1.0, -2.0, 1.0], [-2.0, 4.0, -2.0], [1.0, -2.0, 1.0]])
    values = ndimage.convolve(truth, kernel, mode="nearest")[ndimage.binary_erosion(hole)]
    return float(mad_std(values)) / 6 if values.size else float("nan")


def rms(truth: Image, fill: Image, noise: Image, hole: NDArray[np.bool_]) -> float:
    """Root mean square of the error over the median noise; stars in the hole count as they are."""
    return float(np.sqrt(np.mean((fill - truth)[hole] ** 2)) / np.median(noise[hole]))


def floor(truth: Image, observed: NDArray[np.bool_], noise: Image, hole: NDArray[np.bool_]) -> float:
    """Root mean square of the truth about its own smooth version over the median noise: noise, stars, fine structure.

    What no fill can know; a fill with all of the truth's structure at scales above a few pixels has about this `rms`.

    Parameters
    ----------
    truth : ndarray, shape (H, W)
    observed : ndarray of bool, shape (H, W)
        Pixels that have a truth; the others have no weight in the smooth version (Gaussian, `SMOOTHING`).
    noise : ndarray, shape (H, W)
    hole : ndarray of bool, shape (H, W)
        Observed pixels.

    Returns
    -------
    float
    """
    rows, columns = np.nonzero(hole)
    room = int(4 * SMOOTHING) + 1
    first, second = (slice(max(int(p.min()) - room, 0), int(p.max()) + room + 1) for p in (rows, columns))
    image, known, inside = truth[first, second], observed[first, second], hole[first, second]
    weight = ndimage.gaussian_filter(known.astype(np.float64), SMOOTHING, mode="constant")
    smooth = ndimage.gaussian_filter(np.where(known, image, 0.0), SMOOTHING, mode="constant")
    return rms(image[inside], smooth[inside] / weight[inside], noise[hole], np.ones(int(inside.sum()), dtype=bool))


def coverage(truth: Image, fill: Image, sigma: Image, hole: NDArray[np.bool_]) -> float:
    """Share of the hole's pixels whose truth lies in the 90 % interval of the fill."""
    return float((np.abs(fill - truth)[hole] < SIGMA_OF_90 * sigma[hole]).mean())


def interval(truth: Image, fill: Image, sigma: Image, hole: NDArray[np.bool_]) -> float:
    """Factor by which the 90 % interval would have to be wider to hold 90 % of the hole's pixels."""
    return float(np.quantile(np.abs(fill - truth)[hole] / sigma[hole], 0.9)) / SIGMA_OF_90


def total_ratio(truth: Image, fill: Image, sigma: Image, hole: NDArray[np.bool_]) -> float:
    """Error of the sum of the fill over the sum of the pixels' sigma: 1 where all are off by their sigma."""
    return float((fill - truth)[hole].sum() / sigma[hole].sum())


def seam(truth: Image, fill: Image, hole: NDArray[np.bool_]) -> float:
    """Steps across the hole's edge over those of the truth: 1 when no seam shows.

    Median absolute difference of neighbours across the edge (filled inside, observed outside), over that of the truth
    at the same places; NaN where the truth has no steps.
    """
    filled = np.where(hole, fill, truth)
    across, wanted = [], []
    for axis in (0, 1):
        edge = np.diff(hole.astype(np.int8), axis=axis) != 0
        across.append(np.abs(np.diff(filled, axis=axis))[edge])
        wanted.append(np.abs(np.diff(truth, axis=axis))[edge])
    expected = float(np.median(np.concatenate(wanted)))
    return float(np.median(np.concatenate(across))) / expected if expected > 0 else float("nan")


def streamers(truth: Image, fill: Image, hole: NDArray[np.bool_], centre: tuple[float, float]) -> float:
    """Correlation of fill and truth along the position angle, after the decrease with radius is subtracted.

    Parameters
    ----------
    truth, fill : ndarray, shape (H, W)
    hole : ndarray of bool, shape (H, W)
    centre : tuple of float
        Sun centre (column, row), px from 0.

    Returns
    -------
    float
        Of the mean profiles in bins of 2 px of arc; NaN where a hole is too narrow.
    """
    rows, columns = np.nonzero(hole)
    x, y = columns - centre[0], rows - centre[1]
    radius = np.hypot(x, y)
    middle = np.arctan2(y.mean(), x.mean())
    angle = np.angle(np.exp(1j * (np.arctan2(y, x) - middle))) * radius.mean()
    bins = np.floor(angle / 2).astype(int) - int(np.floor(angle.min() / 2))
    counts = np.bincount(bins)
    kept = counts >= MIN_BIN_PIXELS
    if kept.sum() < MIN_BINS:
        return float("nan")
    profiles = []
    for image in (truth, fill):
        values = image[hole]
        trend = np.polynomial.Polynomial.fit(np.log(radius), values, 2)(np.log(radius))
        profiles.append((np.bincount(bins, weights=values - trend) / np.maximum(counts, 1))[kept])
    if any(profile.std() <= MIN_SCATTER * abs(float(truth[hole].mean())) for profile in profiles):
        return 0.0
    return float(np.corrcoef(profiles[0], profiles[1])[0, 1])
