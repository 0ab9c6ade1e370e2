"""Statistics of the image in the header of the Level 1 product (SolarSoft ``reduce_statistics2.pro`` 1.4)."""

from __future__ import annotations

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.level1.header import Cards, significant
from corinpaint.lasco.level1.product import Flag, flagged
from corinpaint.lasco.photometry.photometry import MSB_UNIT

PERCENTILES = (1, 10, 25, 50, 75, 90, 95, 98, 99)
"""Percentiles in the header, DATAP01 to DATAP99."""


def add_statistics(header: fits.Header, data: NDArray[np.float32], mask: NDArray[np.uint8]) -> None:
    """Add the statistics DATAZER to DATAP99 of the finite pixels, in the unit of the image, to a header, in place.

    The keywords are those of SolarSoft ``reduce_statistics2.pro``, which leaves out pixels that are not positive.
    NSATMIN, the pixels cut off below DSATMIN by the scaling to integers, is 0: nothing is scaled or cut off here.

    Parameters
    ----------
    header : astropy.io.fits.Header
    data : ndarray of float32, shape (H, W)
    mask : ndarray of uint8, shape (H, W)
        Sums of `corinpaint.lasco.level1.product.Flag`.
    """
    values = np.sort(data[np.isfinite(data)])
    unit = "MSB" if header["BUNIT"] == MSB_UNIT else "DN/s"
    cards: Cards = [
        ("DATAZER", int(data.size - values.size), "pixels without a value"),
        ("DATASAT", int(np.count_nonzero(flagged(mask, Flag.SATURATED))), "saturated pixels"),
    ]
    if values.size:
        exact = values.astype(np.float64)
        mean = exact.mean()
        spread = np.sqrt(max(exact @ exact / exact.size - mean**2, 0.0))
        indices = np.array(PERCENTILES) / 100 * (values.size - 1)
        levels = _interpolate(exact, indices) if exact.size > 1 else np.repeat(exact, indices.size)
        figures = {"DATAMIN": exact[0], "DATAMAX": exact[-1], "DATAAVG": mean, "DATASIG": spread, "DSATMIN": exact[0]}
        cards += [(name, significant(value), unit) for name, value in figures.items()]
        cards += [("NSATMIN", 0, "pixels cut off below DSATMIN")]
        cards += [
            (f"DATAP{level:02d}", significant(value), f"{unit}, percentile")
            for level, value in zip(PERCENTILES, levels, strict=True)
        ]
    header.extend([fits.Card(*card) for card in cards])


def remove_statistics(header: fits.Header) -> None:
    """Remove the statistics of an image from a header, in place."""
    names = ("DATAZER", "DATASAT", "DATAMIN", "DATAMAX", "DATAAVG", "DATASIG", "DSATMIN", "NSATMIN")
    for key in (*names, *(f"DATAP{level:02d}" for level in PERCENTILES)):
        header.remove(key, ignore_missing=True)


def _interpolate(ordered: NDArray[np.float64], indices: NDArray[np.float64]) -> NDArray[np.float64]:
    """Linearly interpolated values of an array at fractional indices."""
    low = np.minimum(indices.astype(np.int64), ordered.size - 2)
    fraction = indices - low
    return np.asarray(ordered[low] * (1 - fraction) + ordered[low + 1] * fraction)
