"""Gaussian smoothing of images of which only a part is known (normalised convolution).

References
----------
H. Knutsson, C.-F. Westin: Normalized and differential convolution, CVPR 1993.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray
from scipy import ndimage


def gaussian_sums(
    image: NDArray[np.floating], known: NDArray[np.bool_], width: float, dtype: DTypeLike = np.float64
) -> tuple[NDArray[Any], NDArray[Any]]:
    """Gaussian sums of the known pixels, and of their weights, whose ratio is the average.

    Parameters
    ----------
    image : ndarray of float, shape (H, W)
        Any value where not known.
    known : ndarray of bool, shape (H, W)
    width : float
        Standard deviation, px.
    dtype : dtype
        Of the sums.

    Returns
    -------
    total, weight : ndarray, shape (H, W)
    """
    weight = ndimage.gaussian_filter(known.astype(dtype), width)
    return ndimage.gaussian_filter(np.where(known, image, 0).astype(dtype), width), weight


def smooth(
    image: NDArray[np.floating], known: NDArray[np.bool_], width: float
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Gaussian smoothing of the known pixels alone, and the weight that they had; parameters as of `gaussian_sums`."""
    total, weight = gaussian_sums(image, known, width)
    return np.where(known, total / np.maximum(weight, 1e-6), 0.0), weight
