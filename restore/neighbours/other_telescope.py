"""C3 on the detector grid of C2, by the pointing, plate scale and distortion of both: for the outer field of C2."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.lasco.geometry import distortion
from corinpaint.lasco.geometry.pointing import PLATE_SCALE, Pointing, sun_centre_on_detector
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.photometry.detector import ObservedFrame
from corinpaint.lasco.smoothing import smooth

INNER_LIMIT = 4.5
"""Minimum distance from the sun's centre, solar radii: nearer to it C3 is vignetted by its occulter."""

SOLAR_RADIUS = 970.0
"""Of the sun from SOHO, arcsec; between 946 and 985 in the course of a year."""

SMOOTHING = 1.5
"""Standard deviation of the Gaussian by which C3 is smoothed, px of C3, each as wide as 5 of C2: C2 shows more of what
is finer, and the noise of C3 would come on top of its own."""

ITERATIONS = 10
"""Steps in which the distortion is inverted; the displacement changes by less than 0.1 px a px."""

Places = NDArray[np.float64]


def on_c2(
    observed: ObservedFrame, other: ObservedFrame, pointing: Pointing
) -> tuple[NDArray[np.float32], NDArray[np.bool_], NDArray[np.bool_]]:
    """A C3 frame on the detector grid of a C2 frame.

    Parameters
    ----------
    observed : ObservedFrame
        Of C2.
    other : ObservedFrame
        Of C3, of any size.
    pointing : Pointing
        Of the C3 frame.

    Returns
    -------
    image : ndarray of float32, shape (H, W)
        Brightness, smoothed and interpolated bilinearly; 0 where it is not known.
    known, saturated : ndarray of bool, shape (H, W)
        Pixels that C3 observed beyond `INNER_LIMIT`, and those that a saturated pixel of it lies on.
    """
    x, y = _from_sun(observed)
    angle = np.radians(pointing.whole_roll - observed.pointing.whole_roll)
    turned = x * np.cos(angle) + y * np.sin(angle), y * np.cos(angle) - x * np.sin(angle)
    columns, rows = _on_detector(other.frame, sun_centre_on_detector(other.frame, pointing), *turned)
    places = np.stack([rows, columns])
    seen = ndimage.map_coordinates(other.observed.astype(np.float32), places, order=1, cval=0.0)
    known = (seen > 1 - 1e-4) & (np.hypot(x, y) > INNER_LIMIT * SOLAR_RADIUS)
    smoothed, _ = smooth(other.brightness, other.observed, SMOOTHING)
    image = np.where(known, ndimage.map_coordinates(smoothed, places, order=1, cval=0.0), 0)
    saturated = ndimage.map_coordinates(other.saturated.astype(np.float32), places, order=1, cval=0.0) > 0
    return image.astype(np.float32), known, saturated


def _from_sun(observed: ObservedFrame) -> tuple[Places, Places]:
    """Distance of every pixel from the sun's centre along columns and rows, corrected for distortion, arcsec."""
    frame = observed.frame
    (x0, y0), scale = _occulter(frame), PLATE_SCALE[frame.detector]
    rows, columns = np.indices(observed.shape, dtype=np.float64)
    x, y = _on_ccd(frame, columns, rows)
    radius = np.maximum(np.hypot(x - x0, y - y0), 1e-9)
    corrected = radius.copy()
    for _ in range(ITERATIONS):
        corrected = radius - distortion.radial_shift(corrected, frame.detector)
    factor = corrected / radius
    sun_x, sun_y = _on_ccd(frame, *observed.centre)
    return scale * (x0 + (x - x0) * factor - sun_x), scale * (y0 + (y - y0) * factor - sun_y)


def _on_detector(frame: Frame, centre: tuple[float, float], x: Places, y: Places) -> tuple[Places, Places]:
    """Column and row on the detector grid of places at a distance from the sun's centre, arcsec."""
    (x0, y0), scale = _occulter(frame), PLATE_SCALE[frame.detector]
    sun_x, sun_y = _on_ccd(frame, *centre)
    column, row = sun_x + x / scale - x0, sun_y + y / scale - y0
    radius = np.maximum(np.hypot(column, row), 1e-9)
    factor = 1 + distortion.radial_shift(radius, frame.detector) / radius
    return (x0 + column * factor + 0.5) / frame.sums.x - 0.5, (y0 + row * factor + 0.5) / frame.sums.y - 0.5


def _occulter(frame: Frame) -> tuple[float, float]:
    return distortion.occulter_centre(frame.date, frame.detector)


def _on_ccd(frame: Frame, column: Places | float, row: Places | float) -> tuple[Places, Places]:
    """Pixels of the frame as pixels of the full frame, from 0."""
    return np.asarray(frame.sums.x * (column + 0.5) - 0.5), np.asarray(frame.sums.y * (row + 0.5) - 0.5)
