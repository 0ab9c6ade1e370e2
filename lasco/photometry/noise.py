"""Noise of the counts: photons, pixel response, read-out, rounding and lossy compression."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.level05.frame import Frame

GAIN = {"C2": 10.5, "C3": 14.0}
"""Electrons per DN. C3: level over variance in the difference of two frames of one day is 13 to 16 above 1000 DN.
C2: 9.6 to 10.9, noise of 22322749 less its flat field, and of pairs of 2013 and 2014 less compression."""

READ_NOISE = {"C2": 2.3, "C3": 1.0}
"""DN per read-out. C2: an upper limit, 22 DN^2 beside the photons in sums of four read-outs behind the occulter."""

FLAT_FIELD = {"C2": 0.010, "C3": 0.008}
"""Standard deviation of the response of the pixels, which SolarSoft does not correct: white patterns, the same in
frames years apart (C3 0.0072 in 2002, 0.0083 in 2010)."""

ALL_ROWS = slice(None)

ROUNDING = 1 / 12
"""Variance of rounding to whole DN, DN^2."""


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
        DN in each pixel, sums of read-outs included.
    rows : slice
        Rows of the frame.

    Returns
    -------
    ndarray of float32, shape of the rows
        DN^2.
    """
    detector, reads = frame.detector, frame.sums.reads
    floor = reads * (READ_NOISE[detector] ** 2 + ROUNDING) + compression(frame)
    signal = np.maximum(frame.data[rows] - np.float32(bias), np.float32(0))
    response = np.float32(FLAT_FIELD[detector] ** 2 / frame.sums.pixels)
    return np.asarray(signal * (np.float32(1 / GAIN[detector]) + response * signal) + np.float32(floor))


def compression(frame: Frame) -> float:
    """Variance that lossy compression adds, DN^2; 0 where HCOMP_SF is missing."""
    step = float(frame.header.get("HCOMP_SF") or 0.0) / 2
    return step**2 / 12


def scatter_about_zero(residual: NDArray[np.floating]) -> float:
    """Standard deviation of residuals about zero, from the median of their absolute values.

    `astropy.stats.mad_std` measures about the median, which outliers move; that of the residuals and their negatives
    together is zero.

    Parameters
    ----------
    residual : ndarray of float, shape (N,)

    Returns
    -------
    float
        Unit of the residuals.
    """
    from astropy.stats import mad_std  # imports much that a fill by the network needs nothing of

    return float(mad_std(np.concatenate((residual, -residual))))
