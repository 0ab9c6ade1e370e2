"""Brightness of an electron in the corona: Thomson scattering of the light of a limb-darkened sun.

Conventions are those of SolarSoft's ``eltheory.pro`` and of WOMBAT's ``elTheory``, its port to Python:

- The *impact distance* is that of the line of sight from the sun's centre, in solar radii.
- The *angle* is that of the electron from the plane of the sky, in degrees, about the sun's centre: the electron is at
  the distance ``impact / cos(angle)``. Its sign does not matter. (The scattering angle is 90 degrees less the angle.)
- Lines of sight are parallel, as from an observer at infinity. In C3, 30 solar radii are seen 8 degrees from the sun.
- The unit is the mean brightness of the sun's disk (MSB), for one electron per cm2 of the sky.

References
----------
Minnaert 1930, Zeitschrift fuer Astrophysik 1, 209. Van de Hulst 1950, Bull. Astron. Inst. Netherlands 11, 135.
Billings 1966, A Guide to the Solar Corona, Academic Press, chapter 6, equations 18 to 23.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from corinpaint.lasco.errors import OptionError

Array = NDArray[np.float64]

CROSS_SECTION = 7.95e-26
"""Differential cross section of an electron at right angles, cm2 / sr: SolarSoft's. The square of the classical radius
of the electron is 7.941e-26 (CODATA 2018), 0.1 % less."""

LIMB_DARKENING = 0.63
"""SolarSoft's coefficient u of the disk's brightness, 1 - u + u cos(theta), for 550 nm."""


class Scattered(NamedTuple):
    """Light that one electron per cm2 of the sky scatters to the observer, MSB.

    Attributes
    ----------
    tangential, radial : ndarray of float64
        Polarised at right angles to the direction to the sun's centre, and along it; NaN inside of the sun.
    """

    tangential: Array
    radial: Array

    @property
    def total(self) -> Array:
        """Total brightness, B."""
        return self.tangential + self.radial

    @property
    def polarised(self) -> Array:
        """Polarised brightness, pB: tangential less radial."""
        return self.tangential - self.radial


def scattered(impact: ArrayLike, angle: ArrayLike = 0.0, limb_darkening: float = LIMB_DARKENING) -> Scattered:
    """Light of an electron (SolarSoft ``eltheory.pro`` 1.5).

    Parameters
    ----------
    impact : array_like
        Impact distance of the line of sight, solar radii.
    angle : array_like
        Angle from the plane of the sky, degrees; of either sign.
    limb_darkening : float
        Coefficient u.

    Returns
    -------
    Scattered
        Of the shape of both together.

    Raises
    ------
    OptionError
        When an angle is not between -90 and 90 degrees, or u not from 0 to 1.

    Examples
    --------
    >>> f"{scattered(10.0).total:.3e}"
    '1.254e-27'
    """
    if not np.all(np.abs(angle) < 90):
        raise OptionError(
            f"angle = {np.asarray(angle)} degrees from the plane of the sky",
            "give one between -90 and 90; its sign is not used",
        )
    if not 0 <= limb_darkening <= 1:
        raise OptionError(f"limb_darkening = {limb_darkening}", "give a coefficient from 0 to 1")
    impact, cosine = np.asarray(impact, np.float64), np.cos(np.radians(angle))
    distance = impact / cosine
    sine = 1 / np.where(distance > 1, distance, np.nan)  # of the sun's angular radius as the electron sees it
    a, b, c, d = coefficients(sine)
    unit = np.pi / 2 * CROSS_SECTION / (1 - limb_darkening / 3)
    tangential = unit * ((1 - limb_darkening) * c + limb_darkening * d)
    polarised = unit * cosine**2 * ((1 - limb_darkening) * a + limb_darkening * b)
    return Scattered(tangential, tangential - polarised)


def coefficients(sine: Array) -> tuple[Array, Array, Array, Array]:
    """The coefficients A, B, C and D of Minnaert and van de Hulst.

    Parameters
    ----------
    sine : ndarray of float64
        Of the angular radius of the sun as the electron sees it, the inverse of its distance in solar radii.

    Returns
    -------
    tuple of ndarray of float64
        Billings' equations 20 to 23: A and B of the polarised light, C and D of the tangential, for a disk without limb
        darkening and for one with the full.
    """
    square = sine**2
    cosine = np.sqrt(1 - square)
    logarithm = cosine**2 / sine * np.log((1 + sine) / cosine)
    return (
        cosine * square,
        -(1 - 3 * square - logarithm * (1 + 3 * square)) / 8,
        4 / 3 - cosine - cosine**3 / 3,
        (5 + square - logarithm * (5 - square)) / 8,
    )
