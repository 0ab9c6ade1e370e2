"""Figures of merit over hole pixels alone: observed pixels, which are copied, have no error in any method."""

from __future__ import annotations

from dataclasses import asdict, dataclass

import numpy as np
from astropy.stats import mad_std
from numpy.typing import NDArray
from scipy import ndimage
from scipy.special import ndtri

LAPLACIAN = np.array([[1.0, -2.0, 1.0], [-2.0, 4.0, -2.0], [1.0, -2.0, 1.0]])
"""Mask blind to planes and slow curvature (J. Immerkaer, Fast Noise Variance Estimation, CVIU 64(2), 1996)."""
LAPLACIAN_NORM = 6.0
"""Root of the sum of squares of `LAPLACIAN`."""
NORMAL_MAD = float(ndtri(0.75))
"""Median absolute deviation of a normal distribution of unit width, as in `astropy.stats.mad_std`."""


@dataclass(frozen=True)
class HoleMetrics:
    """Errors of a fill over known hole pixels, in the unit of the images unless said otherwise.

    Attributes
    ----------
    pixels : int
    mae : float
        Mean absolute error.
    median : float
        Median absolute error.
    bias : float
        Mean of fill minus truth.
    psnr : float
        Peak signal-to-noise ratio for a peak of `peak`, dB.
    noise : float
        Pixel noise of the truth, see `noise_level`.
    median_over_noise : float
        Median absolute error over the median absolute deviation of that noise: 1 for the noise-free truth.
    """

    pixels: int
    mae: float
    median: float
    bias: float
    psnr: float
    noise: float
    median_over_noise: float

    def as_dict(self) -> dict[str, float]:
        return asdict(self)


def noise_level(image: NDArray[np.float32], known: NDArray[np.bool_]) -> float:
    """Standard deviation of the pixel noise, from the median absolute deviation of the Laplacian-filtered image.

    Parameters
    ----------
    image : ndarray of float32, shape (H, W)
    known : ndarray of bool, shape (H, W)
        Pixels with a value; only those with eight known neighbours count.

    Returns
    -------
    float
        NaN when no pixel counts.
    """
    inner = ndimage.binary_erosion(known, np.ones((3, 3), dtype=bool))
    if not inner.any():
        return float("nan")
    filtered = ndimage.convolve(np.where(known, image, 0.0).astype(np.float64), LAPLACIAN)[inner]
    return float(mad_std(filtered)) / LAPLACIAN_NORM


def hole_metrics(
    fill: NDArray[np.float32],
    truth: NDArray[np.float32],
    hole: NDArray[np.bool_],
    noise: float = float("nan"),
    peak: float = 1.0,
) -> HoleMetrics:
    """Compare a fill with the truth inside holes.

    Parameters
    ----------
    fill, truth : ndarray of float32, same shape
    hole : ndarray of bool, same shape
        Hole pixels whose truth is known.
    noise : float
        Standard deviation of the truth's pixel noise.
    peak : float
        Maximum of the images' scale.

    Returns
    -------
    HoleMetrics
        NaN everywhere when there is no hole pixel.
    """
    error = (fill[hole].astype(np.float64)) - truth[hole]
    if not error.size:
        nan = float("nan")
        return HoleMetrics(0, nan, nan, nan, nan, noise, nan)
    size = np.abs(error)
    median = float(np.median(size))
    mean_square = float(np.mean(error**2))
    return HoleMetrics(
        pixels=int(error.size),
        mae=float(size.mean()),
        median=median,
        bias=float(error.mean()),
        psnr=float(10 * np.log10(peak**2 / mean_square)) if mean_square > 0 else float("inf"),
        noise=noise,
        median_over_noise=median / (NORMAL_MAD * noise) if noise > 0 else float("nan"),
    )
