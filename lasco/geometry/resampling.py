"""Bilinear resampling of images, and the propagation of masks and variances through it."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

Array = NDArray[np.float64]

AT_ONCE = 2**14
"""Pixels whose weights are computed together: few enough for a processor's cache."""


@dataclass(frozen=True, eq=False)
class BilinearMap:
    """Weights of the source pixels in every pixel of a resampled image.

    Attributes
    ----------
    weights : scipy.sparse.csr_array of float32, shape (H * W, H * W)
        A row for each new pixel, with at most four source pixels whose weights add up to 1. Rows of new pixels outside
        of the source image are empty.
    shape : tuple of int
        Rows and columns, H and W, of both images, px.
    """

    weights: sparse.csr_array
    shape: tuple[int, int]

    def image(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Resample an image, shape (H, W); source pixels that are not finite count as zero."""
        flat = np.asarray(values, dtype=np.float32).ravel()
        if not np.isfinite(flat.sum()):  # a sum is faster to test than a flag for every pixel
            flat = np.where(np.isfinite(flat), flat, np.float32(0))
        return self._applied(self.weights, flat)

    def variance(self, values: NDArray[np.floating]) -> NDArray[np.float32]:
        """Variance of a resampled image whose source pixels have these independent variances; shape (H, W)."""
        return self._applied(self._squared, np.asarray(values, dtype=np.float32).ravel())

    def propagate_flags(self, flags: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """New pixels that depend on at least one flagged source pixel; shape (H, W)."""
        affected = np.zeros(self.shape, dtype=bool)
        rows = np.flatnonzero(flags.any(axis=1))
        if rows.size:
            first, last = max(int(rows[0]) - self._reach, 0), min(int(rows[-1]) + self._reach + 1, self.shape[0])
            affected[first:last] = (self._part(first, last) @ flags.ravel().astype(np.float32) > 0).reshape(
                -1, self.shape[1]
            )
        return affected

    def source_pixels(self, wanted: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """Source pixels on which at least one of the wanted new pixels depends; shape (H, W)."""
        return np.asarray((self.weights.T @ wanted.ravel().astype(np.float32) > 0).reshape(self.shape))

    def _part(self, first: int, last: int) -> sparse.csr_array:
        """Weights of some rows of the new image; data and indices of the matrix are views."""
        starts = self.weights.indptr[first * self.shape[1] : last * self.shape[1] + 1]
        part = slice(int(starts[0]), int(starts[-1]))
        shape = (starts.size - 1, self.weights.shape[1])
        return sparse.csr_array((self.weights.data[part], self.weights.indices[part], starts - starts[0]), shape=shape)

    @cached_property
    def _reach(self) -> int:
        """Most rows between a new pixel and the source pixels that it is made of."""
        width, reach = self.shape[1], 0
        for row, (start, end) in enumerate(pairwise(self.weights.indptr[::width])):
            if end > start:  # row by row: an array of every weight's row takes ten times as long
                pixels = self.weights.indices[start:end]
                reach = max(reach, row - int(pixels.min()) // width, int(pixels.max()) // width - row)
        return reach

    @cached_property
    def outside(self) -> NDArray[np.bool_]:
        """New pixels outside of the source image; shape (H, W)."""
        return np.asarray((np.diff(self.weights.indptr) == 0).reshape(self.shape))

    @cached_property
    def _squared(self) -> sparse.csr_array:
        matrix = self.weights
        return sparse.csr_array((matrix.data**2, matrix.indices, matrix.indptr), shape=matrix.shape)

    def _applied(self, matrix: sparse.csr_array, flat: NDArray[np.float32]) -> NDArray[np.float32]:
        return np.asarray((matrix @ flat).reshape(self.shape), dtype=np.float32)


def bilinear_map(columns: Array, rows: Array, *, clip: bool) -> BilinearMap:
    """Map of bilinear interpolation at positions in the source image.

    Parameters
    ----------
    columns, rows : ndarray of float64, shape (H, W)
        Position of each new pixel in the source image, px from 0.
    clip : bool
        Whether positions outside of the source image take the value of the nearest edge pixel; otherwise they have no
        value.

    Returns
    -------
    BilinearMap
    """
    (height, width), size = columns.shape, columns.size
    x, y = columns.ravel(), rows.ravel()
    starts = np.arange(0, 4 * size + 1, 4, dtype=np.int32)
    if not clip:
        inside = _inside(x, y, columns.shape)
        x, y = x[inside], y[inside]
        np.cumsum(4 * inside, out=starts[1:])
    weights, indices = np.empty((x.size, 4), dtype=np.float32), np.empty((x.size, 4), dtype=np.int32)
    for start in range(0, x.size, AT_ONCE):
        part = slice(start, start + AT_ONCE)
        weights[part], indices[part] = _corners(x[part], y[part], (height, width))
    matrix = sparse.csr_array((weights.ravel(), indices.ravel(), starts), shape=(size, size))
    return BilinearMap(matrix, (height, width))


def flags_at(columns: Array, rows: Array, flags: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """What `BilinearMap.propagate_flags` and `BilinearMap.outside` give, without making a map that is used once.

    Parameters
    ----------
    columns, rows : ndarray of float64, shape (H, W)
        Position of each new pixel in the source image, px from 0; those outside have no value.
    flags : ndarray of bool, shape (H, W)
        Flagged source pixels.

    Returns
    -------
    affected, outside : ndarray of bool, shape (H, W)
    """
    x, y, flat = columns.ravel(), rows.ravel(), flags.ravel()
    inside = _inside(x, y, columns.shape)
    affected = np.zeros(columns.size, dtype=bool)
    for start in range(0, columns.size, AT_ONCE):
        part = slice(start, start + AT_ONCE)
        weights, indices = _corners(x[part], y[part], columns.shape)
        affected[part] = (flat[indices] & (weights.astype(np.float32) > 0)).any(axis=1)
    affected &= inside
    return affected.reshape(columns.shape), ~inside.reshape(columns.shape)


def _inside(x: Array, y: Array, shape: tuple[int, ...]) -> NDArray[np.bool_]:
    """Whether positions are in the source image, but for rounding."""
    height, width = shape
    return np.asarray((x > -1e-6) & (x < width - 1 + 1e-6) & (y > -1e-6) & (y < height - 1 + 1e-6))


def _corners(x: Array, y: Array, shape: tuple[int, ...]) -> tuple[Array, NDArray[np.int32]]:
    """Weights and flat indices of the four source pixels about each place, each of shape (N, 4)."""
    height, width = shape
    x, y = np.clip(x, 0, width - 1), np.clip(y, 0, height - 1)
    left, low = np.minimum(x.astype(np.int32), width - 2), np.minimum(y.astype(np.int32), height - 2)
    u, v = x - left, y - low
    weights = np.stack([(1 - u) * (1 - v), u * (1 - v), (1 - u) * v, u * v], axis=1)
    corner = low * np.int32(width) + left
    return weights, corner[:, None] + np.array([0, 1, width, width + 1], dtype=np.int32)
