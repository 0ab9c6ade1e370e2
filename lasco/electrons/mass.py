"""The mass of a CME from the brightness that it adds, with the errors of noise, fills and calibration.

After Vourlidas et al. (2010, ApJ 722, 1522), as SolarSoft's ``calc_cme_mass.pro`` and WOMBAT's ``TB2mass``: all
electrons that a pixel sees are at one angle from the plane of the sky, by default in it. An electron elsewhere is
fainter, so that the mass is a lower limit for the angle 0.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.electrons.fills import SHARED_NOISE, FilledZone, filled_zones
from corinpaint.lasco.electrons.regions import pixel_area, polar
from corinpaint.lasco.electrons.thomson import LIMB_DARKENING, scattered
from corinpaint.lasco.errors import OptionError, WrongShapeError
from corinpaint.lasco.level05.keywords import text
from corinpaint.lasco.level1.alignment import shift_to, shifted, sun_centre
from corinpaint.lasco.level1.differences import subtract
from corinpaint.lasco.level1.product import Flag, Level1, Level1File, flagged
from corinpaint.lasco.photometry.photometry import MSB_UNIT

GRAMS_PER_ELECTRON = 1.97e-24
"""Mass of the corona for each of its electrons: fully ionised, one atom of ten helium (Vourlidas et al. 2010).
WOMBAT has 1.974e-24."""


@dataclass(frozen=True)
class Mass:
    """A mass in the corona.

    Attributes
    ----------
    grams : float
        Negative where the corona has lost more than it gained.
    noise_error : float
        1 sigma of the noise of observed pixels, g.
    fill_error : float
        1 sigma of the fills, g, as measured in the corona at large: zones are independent of each other, pixels of a
        zone are not.
    fill_limit : float
        The same if the errors of all pixels of a zone were wholly alike, g: for holes in bright and sharp structures,
        where fills are worse than in the corona at large (docs/how_to/cme_mass.md has how much).
    calibration_error : float
        1 sigma of the calibration, g. Neither the angle from the plane of the sky nor the composition is in it.
    pixels : int
        Pixels of the region that have a value.
    filled : int
        Of these, the ones that are filled in either image.
    without_value : int
        Pixels of the region that have none: their mass is not counted.
    angle : float
        Angle from the plane of the sky, degrees.
    """

    grams: float
    noise_error: float
    fill_error: float
    fill_limit: float
    calibration_error: float
    pixels: int
    filled: int
    without_value: int
    angle: float

    @property
    def error(self) -> float:
        """1 sigma of noise, fills and calibration together, g."""
        return float(np.sqrt(self.noise_error**2 + self.fill_error**2 + self.calibration_error**2))


@dataclass(frozen=True, eq=False)
class _Term:
    """An image of a difference: its filled zones, and 1 sigma of the noise of its pixels."""

    noise: NDArray[np.float64]
    zones: list[FilledZone]


def mass(
    product: Level1 | Level1File,
    subtracted: Level1 | Level1File | None = None,
    region: NDArray[np.bool_] | None = None,
    *,
    angle: float = 0.0,
    limb_darkening: float = LIMB_DARKENING,
) -> Mass:
    """Mass that a product shows in excess of another one.

    Parameters
    ----------
    product : Level1 or Level1File
        In MSB. Without `subtracted` a difference, as `corinpaint background --subtract` writes it.
    subtracted : Level1 or Level1File, optional
        What was there before: a product from before the CME, or a background. With it the filled zones of both images
        have the errors that HISTORY gives; of a difference they count as wholly alike in each zone.
    region : ndarray of bool, shape (H, W), optional
        The pixels of the CME, see `corinpaint.lasco.electrons.regions.sector`; by default all.
    angle : float
        Angle of the electrons from the plane of the sky, degrees, of either sign: of each pixel's own, about the sun's
        centre, as in SolarSoft and WOMBAT.
    limb_darkening : float
        Coefficient u of the sun's disk.

    Returns
    -------
    Mass

    Raises
    ------
    OptionError
        When the angle is not between -90 and 90 degrees, the unit is not MSB, or a product is given without another one
        that is no difference.
    WrongShapeError
        When the shapes differ.
    CalibrationError
        When the two products do not agree in calibration, unit and steps.
    MissingKeywordError, BadKeywordError
        When a keyword of the coordinates is missing or no number.

    Notes
    -----
    NOISE of neighbouring pixels is not independent after the interpolation, see
    `corinpaint.lasco.electrons.fills.SHARED_NOISE`. Stars, planets and streamers that move are not taken out.
    """
    name = _name(product)
    difference, terms = _terms(product, subtracted, name)
    wanted = np.ones(difference.data.shape, dtype=bool) if region is None else np.asarray(region, dtype=bool)
    if wanted.shape != difference.data.shape:
        raise WrongShapeError(f"{name}: {difference.data.shape}, but the region {wanted.shape}", "give one size")
    factor = grams_per_brightness(difference.header, wanted.shape, angle, limb_darkening)
    known = wanted & np.isfinite(difference.data) & np.isfinite(factor)
    weights = np.where(known, factor, 0.0)
    grams = float(weights[known] @ np.asarray(difference.data[known], np.float64))
    noise, fill, limit = _noise_errors(terms, weights, known)
    return Mass(
        grams,
        noise,
        fill,
        limit,
        _calibration_error(product, subtracted, difference, weights, grams),
        int(known.sum()),
        0 if difference.mask is None else int((flagged(difference.mask, Flag.FILLED) & known).sum()),
        int((wanted & ~known).sum()),
        float(angle),
    )


def grams_per_brightness(
    header: fits.Header,
    shape: tuple[int, ...],
    angle: float = 0.0,
    limb_darkening: float = LIMB_DARKENING,
) -> NDArray[np.float64]:
    """Mass in each pixel for one MSB in it.

    Parameters
    ----------
    header : astropy.io.fits.Header
        Of a product or a difference.
    shape : tuple of int
        Rows and columns, px.
    angle, limb_darkening
        As for `mass`.

    Returns
    -------
    ndarray of float64, shape (H, W)
        g / MSB; NaN on the sun's disk.
    """
    distance, _ = polar(header, shape)
    electrons = 1 / scattered(distance, angle, limb_darkening).total  # per cm2 and MSB
    return np.asarray(electrons * pixel_area(header) * GRAMS_PER_ELECTRON)


def _name(product: Level1 | Level1File) -> str:
    return text(product.header, "FILENAME") or "product"


def _terms(
    product: Level1 | Level1File, subtracted: Level1 | Level1File | None, name: str
) -> tuple[Level1 | Level1File, list[_Term]]:
    """The difference, and the images that it is made of."""
    if text(product.header, "BUNIT") != MSB_UNIT:
        raise OptionError(f"{name}: BUNIT = {text(product.header, 'BUNIT')!r}", f"give products in {MSB_UNIT}")
    if subtracted is None:
        if "SUBTRACT" not in product.header:
            raise OptionError(f"{name}: is no difference", "give the product to subtract from it, too")
        groups = [FilledZone(zone.pixels, SHARED_NOISE) for zone in filled_zones(product)]
        return product, [_Term(_noise(product), groups)]
    names = (name, _name(subtracted))
    difference = subtract(_as_file(product), _as_file(subtracted), "base", names)
    shift = shift_to(sun_centre(product.header, names[0]), sun_centre(subtracted.header, names[1]))
    moved = [FilledZone(shifted(zone.pixels, shift, False), zone.share) for zone in filled_zones(subtracted)]
    return difference, [
        _Term(_noise(product), filled_zones(product)),
        _Term(shifted(_noise(subtracted), shift, np.inf), moved),
    ]


def _as_file(product: Level1 | Level1File) -> Level1File:
    if isinstance(product, Level1File):
        return product
    data = product.data.astype(np.float64)
    return Level1File(data, np.isnan(data), product.header, product.mask, product.uncertainty, product.noise)


def _noise(product: Level1 | Level1File) -> NDArray[np.float64]:
    if product.noise is None:
        return np.full(product.data.shape, np.inf)
    return product.noise.astype(np.float64)


def _noise_errors(
    terms: list[_Term], weights: NDArray[np.float64], known: NDArray[np.bool_]
) -> tuple[float, float, float]:
    """1 sigma of observed and of filled pixels, and of these if they were wholly alike, g."""
    noise = fill = limit = 0.0
    for term in terms:
        single = known.copy()
        for zone in term.zones:
            inside = zone.pixels & known
            together = float(weights[inside] @ term.noise[inside])
            fill += (zone.share * together) ** 2
            limit += (SHARED_NOISE * together) ** 2
            single &= ~zone.pixels
        noise += float(np.sum((SHARED_NOISE * weights[single] * term.noise[single]) ** 2))
    return float(np.sqrt(noise)), float(np.sqrt(fill)), float(np.sqrt(limit))


def _calibration_error(
    product: Level1 | Level1File,
    subtracted: Level1 | Level1File | None,
    difference: Level1 | Level1File,
    weights: NDArray[np.float64],
    grams: float,
) -> float:
    """1 sigma, g: what both images share acts on the difference, what one has more on its whole image."""
    own = float(product.header.get("CALERR", 0.0))
    if subtracted is None:
        return own * abs(grams)
    other = float(subtracted.header.get("CALERR", 0.0))
    whole = product.data if own > other else product.data - difference.data
    more = np.sqrt(abs(own**2 - other**2)) * float(np.nansum(weights * whole))
    return float(np.hypot(min(own, other) * grams, more))
