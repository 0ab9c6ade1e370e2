"""Robust local polynomial: a smooth surface fitted to the observed pixels around a hole.

A polynomial of degree 6 in column and row is fitted to what is observed within 28 px of the hole, weighted by the noise
and, in a few rounds, by how far each pixel lies from the surface (Tukey's biweight; Beaton and Tukey 1974,
Technometrics 16, 147), so that stars, planets and cosmic rays do not count.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.lasco.level05.blocks import BLOCK_SIZE
from corinpaint.lasco.photometry.noise import scatter_about_zero
from corinpaint.restore.methods.problem import Fill, Problem
from corinpaint.restore.methods.windows import Image, Mask, Window, by_zone

DEGREE = 6
"""Highest degree of the surface."""

AROUND = 28
"""Distance from the hole within which observed pixels are fitted, px."""

LARGEST = 4
"""Rows and columns of blocks that one surface covers; larger holes are filled in pieces."""

ROUNDS = 6
"""Rounds of weighting by the residual."""

TUNING = 4.685
"""Scatters at which the biweight leaves a pixel out: 95 % efficiency on normal noise."""

PER_TERM = 4
"""Observed pixels that a term of the polynomial takes at least."""

LARGEST_GAIN = 1.0
"""Largest noise of the surface in the hole, over that of a pixel; beyond it the degree is lowered.

One for a surface whose mean error from the noise alone is that of a single pixel: the mark of an extrapolation."""


def polynomial() -> Fill:
    """The robust local polynomial."""

    def fill(problem: Problem) -> NDArray[np.float32]:
        return by_zone(problem, AROUND, surfaces)

    return fill


def surfaces(window: Window) -> Image:
    """Fill the hole of a window piece by piece.

    Parameters
    ----------
    window : Window

    Returns
    -------
    ndarray of float64, shape of the window
        Values in the hole; NaN elsewhere, and where too little is observed for a plane.
    """
    filled = np.full(window.image.shape, np.nan)
    for piece in _pieces(window):
        filled[piece] = _surface(window, piece, _near(window, piece))
    return filled


def _pieces(window: Window) -> Iterator[Mask]:
    """The connected parts of the hole, those of more than `LARGEST` blocks along an axis cut into tiles."""
    labels, count = ndimage.label(window.hole, np.ones((3, 3), dtype=int))
    for number, (rows, columns) in enumerate(ndimage.find_objects(labels, count), start=1):
        for top in _cuts(rows, LARGEST * BLOCK_SIZE):
            for left in _cuts(columns, LARGEST * BLOCK_SIZE):
                piece = np.zeros_like(window.hole)
                piece[top, left] = labels[top, left] == number
                if piece.any():
                    yield piece


def _cuts(span: slice, longest: int) -> Iterator[slice]:
    """Equal parts of a span, none longer than `longest`."""
    parts = -(-(span.stop - span.start) // longest)
    edges = np.linspace(span.start, span.stop, parts + 1).round().astype(int)
    for start, stop in pairwise(edges.tolist()):
        yield slice(start, stop)


def _near(window: Window, piece: Mask) -> Mask:
    """Observed pixels within `AROUND` of a piece, along both axes."""
    reach = ndimage.maximum_filter(piece.astype(np.uint8), 2 * AROUND + 1, mode="constant")
    return np.asarray(window.observed & (reach > 0))


@dataclass(frozen=True, eq=False)
class _Frame:
    """Coordinates of one fit, -1 to 1 over the pixels it touches."""

    rows: tuple[float, float]
    columns: tuple[float, float]

    def terms(self, where: Mask, degree: int) -> Image:
        """Chebyshev products up to a total degree at the pixels of a mask, shape (pixels, terms)."""
        rows, columns = np.nonzero(where)
        along = [
            np.polynomial.chebyshev.chebvander((place - middle) / half, degree)
            for place, (middle, half) in ((rows, self.rows), (columns, self.columns))
        ]
        return np.stack([along[0][:, i] * along[1][:, j] for i in range(degree + 1) for j in range(degree + 1 - i)], 1)


def _surface(window: Window, piece: Mask, near: Mask) -> Image | float:
    """Values in one piece of the hole."""
    rows, columns = np.nonzero(piece | near)
    span = [((v.max() + v.min()) / 2, max((v.max() - v.min()) / 2, 1)) for v in (rows, columns)]
    frame = _Frame(*span)
    values, noise = window.image[near], np.maximum(window.sigma[near], np.finfo(np.float32).tiny)
    weight = np.median(noise) / noise if values.size else noise
    for degree in range(DEGREE, 0, -1):
        if values.size < PER_TERM * (degree + 1) * (degree + 2) / 2:
            continue
        terms, wanted = frame.terms(near, degree), frame.terms(piece, degree)
        if _gain(terms * weight[:, None], wanted) <= LARGEST_GAIN:
            return np.asarray(wanted @ _robust(terms, values, weight))
    return float("nan")


def _gain(terms: Image, wanted: Image) -> float:
    """Root mean square noise of the surface in the piece, for unit noise of the pixels."""
    triangle: Image = np.asarray(np.linalg.qr(terms, mode="r"))
    if np.linalg.matrix_rank(triangle) < triangle.shape[0]:
        return float("inf")
    spread = np.linalg.solve(triangle.T, wanted.T)
    return float(np.sqrt(np.square(spread).sum(axis=0).mean()))


def _robust(terms: Image, values: Image, weight: Image) -> Image:
    """Coefficients by iteratively reweighted least squares."""
    robust = np.ones_like(values)
    solution: Image = np.zeros(terms.shape[1])
    for _ in range(ROUNDS):
        both = weight * np.sqrt(robust)
        solution = np.asarray(np.linalg.lstsq(terms * both[:, None], values * both, rcond=None)[0], np.float64)
        residual = (values - terms @ solution) * weight
        scatter = scatter_about_zero(residual)
        if scatter <= 1e-9 * float(np.abs(values).max()):
            break
        robust = np.square(np.clip(1 - np.square(residual / (TUNING * scatter)), 0, None))
    return solution
