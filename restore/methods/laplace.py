"""Harmonic and biharmonic fill: the surface through the observed pixels that is least steep, or least bent.

The first minimises the sum of the squared first differences (a membrane; Laplace's equation in the hole), the second
that of the squared second differences (a thin plate; the biharmonic equation, with the 13-point stencil of
scikit-image's ``inpaint_biharmonic``, which clips to the range of the known pixels and has no mask beside the hole).
Differences that would need a pixel which is neither observed nor in the hole are left out, which is the natural
boundary condition at the occulter and at the edge of the field.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

from corinpaint.restore.methods.problem import Fill, Problem
from corinpaint.restore.methods.windows import Image, Mask, Window, by_zone, held

Stencil = tuple[tuple[int, int, float], ...]
"""Row and column offsets from 0 and weights of one difference."""

FIRST: tuple[Stencil, ...] = (((0, 0, -1.0), (0, 1, 1.0)), ((0, 0, -1.0), (1, 0, 1.0)))

TWIST = 2**0.5
"""Weight of the mixed second difference: it counts twice in the energy of a plate."""

SECOND: tuple[Stencil, ...] = (
    ((0, 0, 1.0), (0, 1, -2.0), (0, 2, 1.0)),
    ((0, 0, 1.0), (1, 0, -2.0), (2, 0, 1.0)),
    ((0, 0, TWIST), (0, 1, -TWIST), (1, 0, -TWIST), (1, 1, TWIST)),
)

MARGIN = 4
"""Rows and columns around the missing blocks, px; the differences reach 2 px."""

SOFTEST = 1e-6
"""Level, in medians of the brightness, below which the logarithm becomes linear."""

WILDEST = 1e6
"""Largest value, in medians of the brightness, of a surface that something holds."""


def harmonic() -> Fill:
    """The harmonic fill of the logarithm of the brightness, of which a power of the radius is a solution.

    Below the noise the scale is linear (``arcsinh(brightness / (2 noise))``), so that negative pixels count.
    """

    def fill(problem: Problem) -> NDArray[np.float32]:
        return by_zone(problem, MARGIN, _in_logarithm)

    return fill


def membrane(problem: Problem) -> NDArray[np.float32]:
    """The harmonic surface of the image itself, which may have any sign; for differences."""
    return by_zone(problem, MARGIN, lambda window: smoothest(window, FIRST, 1))


def biharmonic() -> Fill:
    """The biharmonic fill of the brightness: value and slope at the rim go on into the hole."""

    def fill(problem: Problem) -> NDArray[np.float32]:
        return by_zone(problem, MARGIN, lambda window: smoothest(window, SECOND, 2))

    return fill


def _in_logarithm(window: Window) -> Image:
    level = 2 * max(float(np.median(window.sigma[window.observed])), SOFTEST)
    surface = smoothest(replace(window, image=np.arcsinh(window.image / level)), FIRST, 1)
    return np.asarray(level * np.sinh(surface))


def smoothest(window: Window, stencils: Sequence[Stencil], depth: int) -> Image:
    """The surface with the least sum of squared differences.

    Parameters
    ----------
    window : Window
    stencils : sequence of Stencil
        The differences.
    depth : int
        How far they reach beyond the hole, px.

    Returns
    -------
    ndarray of float64, shape of the window
        The image with the hole filled; NaN where not observed, and in pieces of the hole that nothing holds.
    """
    touched = np.diff(_differences(window.hole, window.observed, stencils).indptr).reshape(window.hole.shape) > 0
    hole = held(replace(window, observed=window.observed & touched), depth)
    filled = np.where(window.observed, window.image, np.nan)
    if not hole.any():
        return filled
    from scipy.sparse.linalg import splu  # slow to import, and the network, which is the default, does without

    differences = _differences(hole, window.observed, stencils)
    inside = differences[:, np.flatnonzero(hole)]
    known = differences @ np.where(window.observed, window.image, 0).ravel()
    try:
        solution = splu((inside.T @ inside).tocsc()).solve(-(inside.T @ known))
    except RuntimeError:  # singular
        solution = np.full(np.count_nonzero(hole), np.nan)
    filled[hole] = np.where(np.abs(solution) < WILDEST, solution, np.nan)
    return filled


def _differences(hole: Mask, observed: Mask, stencils: Sequence[Stencil]) -> sparse.csc_matrix:
    """All differences that touch the hole and can be had, one per row; a column per pixel."""
    number, usable = np.arange(hole.size).reshape(hole.shape), hole | observed
    matrices = []
    for stencil in stencils:
        high, wide = (hole.shape[axis] - max(place[axis] for place in stencil) for axis in (0, 1))
        shifted = [(slice(row, row + high), slice(column, column + wide)) for row, column, _ in stencil]
        complete = np.logical_and.reduce([usable[place] for place in shifted])
        wanted = complete & np.logical_or.reduce([hole[place] for place in shifted])
        columns = np.stack([number[place][wanted] for place in shifted])
        rows = np.broadcast_to(np.arange(columns.shape[1]), columns.shape)
        weights = np.repeat([weight for *_, weight in stencil], columns.shape[1])
        shape = (columns.shape[1], hole.size)
        matrices.append(sparse.csc_matrix((weights, (rows.ravel(), columns.ravel())), shape=shape))
    return sparse.vstack(matrices, format="csc")
