"""Noise of the counts: photon noise, pixel response, read-out, rounding and lossy compression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.level05.frame import Frame

GAIN = {"C2": 10.5, "C3": 14.0}
"""Gain, electrons per DN. C3: the ratio of mean to variance in differences of two frames of one day is 13 to 16 above
1000 DN. C2: 9.6 to 10.9, from the noise of frame 22322749 minus its flat field, and from differences of frames of
2013 and 2014 minus their compression noise."""

READ_NOISE = {"C2": 2.3, "C3": 1.0}
"""Read noise, DN per read-out. C2: an upper limit, from 22 DN^2 besides the photon noise in sums of four read-outs
behind the occulter."""

FLAT_FIELD = {"C2": 0.010, "C3": 0.008}
"""Standard deviation of the relative response of the pixels, which SolarSoft does not correct: white-noise patterns
that are the same in frames years apart (C3 0.0072 in 2002, 0.0083 in 2010)."""

ALL_ROWS = slice(None)
"""All rows of a frame."""

ROUNDING = 1 / 12
"""Variance of rounding to integers, DN^2."""


def variance(frame: Frame, bias: float, rows: slice = ALL_ROWS) -> NDArray[np.float32]:
    """Variance of the counts of a frame.

    ``signal / gain + (flat field * signal)^2 / pixels + reads * (read noise^2 + 1/12) + compression``, with the signal
    ``max(DN - bias, 0)``.

    H-compress rounds the coefficients of its transform to multiples of HCOMP_SF / 2 (orthonormal; measured on real
    frames), which adds at most ``(HCOMP_SF / 2)^2 / 12``.

    Parameters
    ----------
    frame : Frame
    bias : float
        Bias of a pixel, the sum of its read-outs, DN.
    rows : slice
        Rows of the frame; by default all.

    Returns
    -------
    ndarray of float32, shape of the rows
        Variance, DN^2.
    """
    detector = frame.detector
    signal = np.maximum(frame.data[rows] - np.float32(bias), np.float32(0))
    response = np.float32(FLAT_FIELD[detector] ** 2 / frame.sums.pixels)
    return np.asarray(signal * (np.float32(1 / GAIN[detector]) + response * signal) + np.float32(floor(frame)))


def floor(frame: Frame) -> float:
    """Variance of the counts without light, DN^2: read-out, rounding and compression."""
    return frame.sums.reads * (READ_NOISE[frame.detector] ** 2 + ROUNDING) + compression(frame)


def compression(frame: Frame) -> float:
    """Variance of lossy compression, DN^2; 0 when HCOMP_SF is missing."""
    step = float(frame.header.get("HCOMP_SF") or 0.0) / 2
    return step**2 / 12


def scatter_about_zero(residual: NDArray[np.floating]) -> float:
    """Standard deviation of residuals about zero, from the median of their absolute values.

    `astropy.stats.mad_std` measures the scatter about the median, which outliers shift; the median of the residuals
    together with their negatives is zero.

    Parameters
    ----------
    residual : ndarray of float, shape (N,)

    Returns
    -------
    float
        Unit of the residuals.
    """
    from astropy.stats import mad_std  # a slow import, which restoring a frame does not need

    return float(mad_std(np.concatenate((residual, -residual))))
