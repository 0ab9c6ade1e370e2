"""The C3 camera for the simulator: shadows, flat field, saturation, noise, cosmic rays and onboard compression.

Every number was measured on real Level 0.5 frames of C3 Clear (32082037 to 32219521, 2002 to 2010) where no other
source is named.
"""

from __future__ import annotations

from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.lasco import calibration
from corinpaint.lasco.corona import polar

GAIN = 16.0
"""Electrons per DN: variance over level in the difference of two frames of one day, flat field removed."""

READ_NOISE = 1.0
"""DN."""

FLAT_FIELD = 0.0072
"""Standard deviation of the pixel response; the pattern is white and the same in frames years apart."""

FLAT_SEED = 19951202
"""The pattern belongs to the camera, not to a frame."""

FULL_WELL = (12300.0, 12750.0)
"""DN of bleed trails at their left and right end."""

COMPRESSION_STEP = 16.0
"""Step of the orthonormal Haar coefficients in DN: sums of 2 x 2 px in real frames differ by multiples of 32, the
HCOMP_SF of their headers (H-compress; White, Postman and Lattanzi 1992)."""

FLOOR = 4.0
"""DN/s behind occulter and pylon."""

OUTSIDE = 0.9
"""DN/s beyond the edge of the field."""

EDGE = 558.5
"""Radius of the field about the occulter centre, px; the edge is 2 px wide."""

RING_CENTRE = (517.2, 531.9)
"""Centre (column, row) of the diffraction ring, px from 0."""

RING = (
    (0, 4.4), (20, 4.9), (30, 5.2), (40, 6.1), (45, 7.0), (50, 9.0), (52, 10.3), (54, 12.7), (56, 17.0), (58, 25.0),
    (60, 43.0), (62, 84.0), (64, 170.0), (66, 320.0), (67, 395.0), (68, 425.0), (69, 395.0), (70, 345.0), (71, 305.0),
    (72, 285.0), (74, 277.0), (76, 280.0), (80, 300.0), (2000, 300.0),
)  # fmt: skip
"""Radius (px) and level (DN/s) behind the occulter and in the ring, medians outside of the pylon's shadow."""

RING_BRIGHTER = (0.38, 40.0)
"""Amplitude and position angle (degrees) of the ring's brightening to one side."""

PYLON = (226.5, 29.5, 3.7)
"""Position angle, half width and softness (degrees) of the pylon's shadow on the ring."""

PYLON_DEPTH = 4.5
"""Px in which the light falls by e inside the pylon's masked core, where the vignetting is not known."""


@lru_cache(maxsize=2)
def flat_field() -> NDArray[np.float32]:
    """Response of the pixels, shape (1024, 1024), mean one; always the same."""
    return (1 + FLAT_FIELD * np.random.default_rng(FLAT_SEED).normal(size=(1024, 1024))).astype(np.float32)


@lru_cache(maxsize=4)
def _shadows(
    assets: calibration.Assets, centre: tuple[float, float]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Transmission of occulter, pylon and field edge beyond the vignetting, and the light that is added, DN/s."""
    radius, angle = polar(centre)
    dark = calibration.occulted_on_detector(assets, centre) & (radius > 40) & (radius < 700)
    wedge = (np.abs(angle - PYLON[0]) < 45) & (radius > 40)
    depth = ndimage.distance_transform_edt(dark) * wedge
    edge = 1 / (1 + np.exp(np.clip((radius - EDGE) / 0.8, -40, 40)))
    inner = np.hypot(*np.ogrid[-RING_CENTRE[1] : 1024 - RING_CENTRE[1], -RING_CENTRE[0] : 1024 - RING_CENTRE[0]])
    outside = np.clip((inner - 73) / 6, 0, 1)
    ring = np.interp(inner, *np.transpose(RING)) - FLOOR
    ring = ring * (1 + RING_BRIGHTER[0] * np.cos(np.radians(angle - RING_BRIGHTER[1])) * (inner > 45))
    shaded = 1 / (1 + np.exp(np.clip((PYLON[1] - np.abs(angle - PYLON[0])) / PYLON[2], -40, 40)))
    deep = np.clip(depth / 6, 0, 1)
    added = (1 - outside) * ring * shaded + FLOOR * np.maximum(1 - outside, deep) * edge + OUTSIDE * (1 - edge)
    return (outside * np.exp(-depth / PYLON_DEPTH) * edge).astype(np.float32), added.astype(np.float32)


def expose(
    brightness: NDArray[np.float32],
    assets: calibration.Assets,
    centre: tuple[float, float],
    mjd: float,
    msb_per_count: float,
) -> NDArray[np.float32]:
    """Noise-free counts above the bias.

    The inverse of `calibration.photometry` wherever occulter and pylon do not shade: ``(brightness + ramp) /
    vignetting / msb_per_count``.

    Parameters
    ----------
    brightness : ndarray of float32, shape (1024, 1024)
        MSB on the detector grid.
    assets : Assets
    centre : tuple of float
        Occulter centre (column, row), px from 0.
    mjd : float
        Chooses the vignetting.
    msb_per_count : float
        calfactor over the exposure time, MSB per DN.

    Returns
    -------
    ndarray of float32, shape (1024, 1024)
        DN.
    """
    transmission, added = _shadows(assets, centre)
    light = (brightness + assets.ramp) / (assets.vignetting(mjd) * np.float32(msb_per_count))
    exptime = calibration_seconds(msb_per_count, mjd)
    return np.asarray(transmission * light + added * np.float32(exptime), dtype=np.float32)
