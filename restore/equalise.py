"""Histogram equalisation as an invertible stage: fitted on valid pixels, kept as knots.

The method's network works on equalised frames (as CorKit does with astropy's ``HistEqStretch``); the same knots, read
the other way round, bring its fills back to mean solar brightness.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import FrameError

KNOTS = 1024
"""Number of quantiles that the distribution is kept as."""


@dataclass(frozen=True, eq=False)
class Equaliser:
    """A monotone map between values and their place in the distribution.

    Attributes
    ----------
    values : ndarray of float64, shape (K,)
        Knots in the unit of the image, strictly increasing.
    levels : ndarray of float64, shape (K,)
        Share of valid pixels at or below each knot, from 0 to 1, strictly increasing.
    """

    values: NDArray[np.float64]
    levels: NDArray[np.float64]

    def forward(self, image: NDArray[np.floating]) -> NDArray[np.float32]:
        """Equalise: values of any shape to [0, 1]; beyond the knots it stays at 0 and 1."""
        return np.asarray(np.interp(image, self.values, self.levels), dtype=np.float32)

    def inverse(self, equalised: NDArray[np.floating]) -> NDArray[np.float32]:
        """The way back: [0, 1] to values; outside it stays at the lowest and the highest knot."""
        return np.asarray(np.interp(equalised, self.levels, self.values), dtype=np.float32)


def fit(image: NDArray[np.floating], valid: NDArray[np.bool_], knots: int = KNOTS) -> Equaliser:
    """Fit the equalisation to the valid pixels of an image.

    Parameters
    ----------
    image : ndarray of float, shape (H, W)
        Any unit.
    valid : ndarray of bool, shape (H, W)
        True where the image was measured; other pixels do not count.
    knots : int
        Number of quantiles.

    Returns
    -------
    Equaliser

    Raises
    ------
    FrameError
        When fewer than two different finite values are valid.
    """
    sample = image[valid]
    sample = sample[np.isfinite(sample)].astype(np.float64)
    if not sample.size:
        raise FrameError("no valid pixel in the frame: nothing to equalise; give a frame with observed blocks")
    quantiles = np.quantile(sample, np.linspace(0, 1, knots))
    values, first = np.unique(quantiles, return_index=True)
    if values.size < 2:
        raise FrameError("all valid pixels have the same value: nothing to equalise; give a frame of the corona")
    last = np.append(first[1:] - 1, knots - 1)  # ties: the level in the middle of the run keeps the map unbiased
    levels = (first + last) / 2 / (knots - 1)
    levels[0], levels[-1] = 0.0, 1.0
    return Equaliser(values, levels)
