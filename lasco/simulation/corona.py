"""The sky of the simulator: K corona with streamers, a coronal mass ejection (CME), F corona, stars and a planet.

All brightnesses are in mean solar brightness (MSB). The K corona follows the electron densities of Saito, Poland and
Munro (1977, Solar Physics 55, 121), the F corona Koutchmy and Lamy (1985, IAU Colloquium 85, 63); their levels were
adjusted to real frames.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage, special

SIZE = 1024
"""Rows and columns of the frame, px."""

SUN_CENTRE = (517.95599, 532.63202)
"""Sun centre (column, row), px from 0: CRPIX of real Level 0.5 headers."""

PIXELS_PER_SOLAR_RADIUS = 969.0 / 56.0
"""Solar radius on the detector, px: 969 arcsec as seen from SOHO over 56 arcsec/px."""

K_CORONA_LAW = ((2.4e-8, -3.14), (1.8e-6, -7.13))
"""Amplitude (MSB) and exponent of the equatorial K corona as a function of the radius in solar radii: Thomson
scattering along the line of sight by the densities 1.36e6 r^-2.14 + 1.68e8 r^-6.13 cm^-3 of Saito et al. (1977)."""

F_EQUATOR = (2.35e-10, -2.25)
"""Brightness (MSB) at 10 solar radii and exponent of the F corona at the equator of the ecliptic: slope of Koutchmy and
Lamy (1985), level of real C3 frames."""

F_POLE = (1.30e-10, -2.50)
"""Brightness (MSB) at 10 solar radii and exponent of the F corona at the poles of the ecliptic."""

F_SHARPNESS = 4.5
"""Exponent of the cosine between equator and pole (measured on C3 frames: 0.49 at 30 degrees, 0.1 at 60)."""

SKY_BRIGHTNESS = 0.7e-11
"""Brightness of the sky far from the sun, MSB, which real C3 frames have in addition to the power laws."""

STAR_SIGMA = 0.52
"""Standard deviation of a star image, px (the neighbours of its peak have 0.13 to 0.2 of it in real frames)."""

MIN_STAR_FLUX = 1.5e-12
"""Minimum flux of a star, MSB px; about 20 DN at the peak in 19 s."""

STAR_COUNT = (1800, 5500)
"""Minimum and maximum number of stars in a frame. Real frames of 19 s have about 200 peaks of more than 180 DN, some of
which are cosmic rays."""

STAR_HALF_WIDTH = 3
"""Half width of the image of a star, px."""

RADII = np.arange(0.0, 760.0, 2.0)
"""Radii of the polar grid, px."""

ANGLES = np.arange(0.0, 360.0, 0.25)
"""Position angles of the polar grid, degrees counter-clockwise from +column."""


@dataclass(frozen=True)
class Planet:
    """A planet in the field of view.

    Attributes
    ----------
    column, row : float
        Position on the detector, px from 0.
    flux : float
        Flux, MSB px.
    """

    column: float
    row: float
    flux: float


@lru_cache(maxsize=2)
def polar_coordinates(centre: tuple[float, float], size: int = SIZE) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Polar coordinates of the pixels about a centre.

    Parameters
    ----------
    centre : tuple of float
        (column, row), px from 0.
    size : int
        Rows and columns of the frame.

    Returns
    -------
    radius : ndarray of float32, shape (size, size)
        px.
    angle : ndarray of float32, shape (size, size)
        Position angle, degrees, 0 to 360, counter-clockwise from +column.
    """
    y, x = np.mgrid[0:size, 0:size]
    radius = np.hypot(x - centre[0], y - centre[1])
    angle = np.degrees(np.arctan2(y - centre[1], x - centre[0])) % 360
    return radius.astype(np.float32), angle.astype(np.float32)


def equatorial_k_corona(radius: NDArray[np.floating]) -> NDArray[np.floating]:
    """Brightness (MSB) of the equatorial K corona at a radius in solar radii; see `K_CORONA_LAW`."""
    (a, p), (b, q) = K_CORONA_LAW
    return np.asarray(a * radius**p + b * radius**q)


def k_corona(rng: np.random.Generator, *, cme: bool, also: NDArray[np.float32] | None = None) -> NDArray[np.float32]:
    """K corona with streamers, rays and, optionally, a CME.

    Parameters
    ----------
    rng : numpy.random.Generator
    cme : bool
        Whether there is a random coronal mass ejection.
    also : ndarray of float32, shape (radii, angles), optional
        A certain one, see `mass_ejection`.

    Returns
    -------
    ndarray of float32, shape (1024, 1024)
        MSB on the undistorted grid.
    """
    pattern = _streamers(rng)
    if cme:
        pattern += mass_ejection(rng)
    if also is not None:
        pattern += also
    radius, angle = polar_coordinates(SUN_CENTRE)
    positions = np.stack([radius / RADII[1], angle / ANGLES[1]])
    wrapped = np.concatenate([pattern, pattern[:, :1]], axis=1)
    relative = ndimage.map_coordinates(wrapped, positions, order=1, mode="nearest", output=np.float32)
    return np.asarray(
        relative * equatorial_k_corona(np.maximum(radius / PIXELS_PER_SOLAR_RADIUS, 2.0)), dtype=np.float32
    )


def _angular_distance(centre: NDArray[np.floating] | float) -> NDArray[np.float32]:
    """Differences of the angles of the polar grid from a central angle for each radius, degrees, -180 to 180."""
    return np.asarray((ANGLES[None, :] - np.reshape(centre, (-1, 1)) + 180) % 360 - 180, dtype=np.float32)


def _streamers(rng: np.random.Generator) -> NDArray[np.float32]:
    """Brightness relative to `equatorial_k_corona`, shape (radii, angles).

    The sum of a constant background at the poles, a belt, streamers and rays, times fine structure.
    """
    tilt, activity = rng.uniform(-12, 12), rng.uniform(0, 1)
    belt = 14 + 26 * activity
    pattern = np.full((RADII.size, ANGLES.size), rng.uniform(0.2, 0.4), dtype=np.float32)
    for side in (tilt, 180 + tilt):
        pattern += rng.uniform(0.15, 0.4) * np.exp(-0.5 * (_angular_distance(side) / belt) ** 2)
        for _ in range(rng.integers(2, 4 + int(4 * activity))):
            pattern += _ray(rng, side + rng.normal(0, 1.2 * belt), (2.0, 8.0), (0.1, 0.6))
    for _ in range(rng.integers(6, 22)):
        pattern += _ray(rng, rng.choice([tilt, 180 + tilt]) + rng.normal(0, 2 * belt), (0.4, 1.8), (0.02, 0.25))
    grain = ndimage.gaussian_filter(rng.normal(size=(RADII.size // 4, ANGLES.size)), (6, 4), mode=("nearest", "wrap"))
    grain = np.repeat(grain, 4, axis=0) * (rng.uniform(0.02, 0.07) / grain.std())
    return np.asarray(pattern * (1 + grain[: RADII.size]), dtype=np.float32)


def _ray(
    rng: np.random.Generator, angle: float, widths: tuple[float, float], heights: tuple[float, float]
) -> NDArray[np.float32]:
    """One streamer: a ridge that bends towards its final angle, with its own angular width and radial decrease."""
    radii = np.maximum(RADII / PIXELS_PER_SOLAR_RADIUS, 2.0)
    axis = angle + rng.normal(0, 5) * (4 / radii) + rng.normal(0, 1.5) * np.sin(radii / rng.uniform(4, 12))
    width = rng.uniform(*widths) * (1 + rng.uniform(0, 2.0) * (4 / radii) ** 1.5)
    height = rng.uniform(*heights) * (radii / 6) ** rng.uniform(-0.3, 0.5)
    return np.asarray(
        height[:, None] * np.exp(-0.5 * (_angular_distance(axis) / width[:, None]) ** 2), dtype=np.float32
    )


def mass_ejection(rng: np.random.Generator, front_at: float | None = None) -> NDArray[np.float32]:
    """Three-part CME: bright front, cavity and core, with filaments.

    Parameters
    ----------
    rng : numpy.random.Generator
        The same state gives the same CME wherever its front is.
    front_at : float, optional
        Distance of its front from the sun's centre, solar radii; by default random.

    Returns
    -------
    ndarray of float32, shape (radii, angles)
        Relative to `equatorial_k_corona`.
    """
    drawn, half = rng.uniform(6, 27), rng.uniform(14, 45)
    lead = (drawn if front_at is None else front_at) * PIXELS_PER_SOLAR_RADIUS
    angle, foot = rng.uniform(0, 360), rng.uniform(0.3, 0.5)
    along = (RADII[:, None] / lead - (1 + foot) / 2) / ((1 - foot) / 2)
    across = _angular_distance(angle) / half * np.maximum(RADII[:, None] / lead, 0.3) ** 0.3
    distance = np.hypot(along, across).astype(np.float32)
    ripple = ndimage.gaussian_filter(rng.normal(size=(RADII.size, ANGLES.size)), (5, 9), mode=("nearest", "wrap"))
    ripple /= ripple.std()
    distance = distance + np.float32(0.05) * ripple
    thickness = np.where(distance < 1, rng.uniform(0.10, 0.3), rng.uniform(0.03, 0.08))
    front = rng.uniform(0.6, 3.0) * np.exp(-0.5 * ((distance - 1) / thickness) ** 2)
    cavity = -rng.uniform(0.05, 0.15) * np.exp(-0.5 * (distance / 0.5) ** 4)
    core = np.hypot((along + rng.uniform(0.2, 0.5)) / rng.uniform(0.2, 0.4), across / rng.uniform(0.1, 0.3))
    core = rng.uniform(0.3, 4.0) * np.exp(-0.5 * core**2) * np.clip(1 + 0.5 * ripple, 0.1, 3)
    legs = rng.uniform(0, 0.4) * np.exp(-0.5 * ((np.abs(_angular_distance(angle)) - 0.7 * half) / 4) ** 2) * (along < 0)
    return np.asarray(front * (1 + 0.15 * ripple) + cavity + core + legs, dtype=np.float32)


def f_corona(rng: np.random.Generator) -> NDArray[np.float32]:
    """F corona, flattened towards the ecliptic, and brightness of the sky.

    Returns
    -------
    ndarray of float32, shape (1024, 1024)
        MSB on the undistorted grid.
    """
    level, tilt = rng.uniform(0.94, 1.06), rng.uniform(-7.25, 7.25)
    radius, angle = polar_coordinates(SUN_CENTRE)
    log = np.log(np.maximum(radius / PIXELS_PER_SOLAR_RADIUS, 2.0) / 10)
    cosine = np.abs(np.cos(np.radians(angle - np.float32(tilt)))) ** np.float32(F_SHARPNESS)
    equator = np.log(F_EQUATOR[0]) + F_EQUATOR[1] * log
    pole = np.log(F_POLE[0]) + F_POLE[1] * log
    return np.asarray(
        level * np.exp(pole + cosine * (equator - pole)) + SKY_BRIGHTNESS * rng.uniform(0.8, 1.2), np.float32
    )


def add_stars(image: NDArray[np.float32], rng: np.random.Generator) -> None:
    """Add stars to an image in MSB, in place: random positions, numbers proportional to 1 / flux.

    Stars are added on the detector grid, after the distortion of the corona, since interpolation would widen them.
    """
    count = int(rng.integers(*STAR_COUNT))
    flux = MIN_STAR_FLUX / np.maximum(rng.uniform(size=count), 2e-4)
    columns, rows = rng.uniform(0, SIZE, (2, count))
    _add_points(image, columns, rows, flux)


def _add_points(
    image: NDArray[np.float32],
    columns: NDArray[np.float64],
    rows: NDArray[np.float64],
    flux: NDArray[np.float64],
) -> None:
    """Add Gaussians of `STAR_SIGMA`, integrated over the pixels; pixels outside of the frame are left out."""
    (x, across), (y, along) = _profiles(columns), _profiles(rows)
    x, y = np.broadcast_arrays(x[:, None, :], y[:, :, None])
    values = flux[:, None, None] * along[:, :, None] * across[:, None, :]
    inside = (x >= 0) & (x < image.shape[1]) & (y >= 0) & (y < image.shape[0])
    np.add.at(image, (y[inside], x[inside]), values[inside].astype(np.float32))


def _profiles(centres: NDArray[np.float64]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Pixels around each centre and the fraction of light in each of them, both of shape (stars, pixels)."""
    first = np.round(centres).astype(np.int64) - STAR_HALF_WIDTH
    edges = first[:, None] + np.arange(2 * STAR_HALF_WIDTH + 2) - 0.5 - centres[:, None]
    return first[:, None] + np.arange(2 * STAR_HALF_WIDTH + 1), np.diff(special.ndtr(edges / STAR_SIGMA), axis=1)


def draw_planet(rng: np.random.Generator) -> Planet | None:
    """A random planet in two frames of five: near the ecliptic, bright enough to saturate (Mercury to Venus)."""
    if rng.uniform() > 0.4:
        return None
    column = SUN_CENTRE[0] + rng.choice([-1, 1]) * rng.uniform(90, 470)
    return Planet(column, SUN_CENTRE[1] + rng.normal(0, 60), 10 ** rng.uniform(-7.6, -6.1))


def add_planet(image: NDArray[np.float32], planet: Planet) -> None:
    """Add the image of a planet in MSB, in place: a core and a halo, without saturation."""
    position = np.array([planet.column]), np.array([planet.row])
    _add_points(image, *position, np.array([0.9 * planet.flux]))
    y, x = np.mgrid[0 : image.shape[0], 0 : image.shape[1]].astype(np.float32)
    halo = (1 + ((x - planet.column) ** 2 + (y - planet.row) ** 2) / 2.25) ** -2.2
    image += (0.1 * planet.flux / halo.sum()) * halo
