"""The response of the pixels, divided out of what a network is given, and multiplied into its fill.

A network predicts the corona. A pixel shows the corona times its own response, which
`corinpaint.lasco.nominal.pixel_response` knows from other days. How much of that map a frame shows is measured in the
frame itself, in the observed pixels around each place: all of it with the nominal calibration, less where the map is
noisy, nothing where the frame was calibrated with a flat field or its noise hides it. So a map that is wrong, or of
another time, does no harm.
"""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.nominal import pixel_response

WIDTH = 32.0
"""Standard deviation of the Gaussian around a place in which its share is measured, px."""

CELL = 8
"""Side of the squares that share one value, px."""

FARTHEST = 5.0
"""Maximum distance of a pixel from its neighbourhood and from what the map says, in units of the noise."""

RIDGE = 4.0
"""Penalty that leaves the share at 0 where too little is observed, in units of the noise."""

LARGEST = 1.25
"""Limit of the share."""

REACH = 96
"""Distance from the missing blocks up to which pixels are corrected, px: farther ones hardly move a fill."""

Image = NDArray[np.floating]
Mask = NDArray[np.bool_]


def share(image: Image, sigma: Image, known: Mask, response: Image) -> NDArray[np.float32]:
    """How much of the map of the response a frame shows, around each pixel.

    The least-squares factor between the excess of the observed pixels over their neighbourhood and the map, both
    weighted by the noise.

    Parameters
    ----------
    image, sigma : ndarray of float, shape (H, W)
        Brightness and its noise, same unit; H and W multiples of `CELL`.
    known : ndarray of bool, shape (H, W)
    response : ndarray of float, shape (H, W)
        See `corinpaint.lasco.nominal.pixel_response.load`.

    Returns
    -------
    ndarray of float32, shape (H, W)
        0 to `LARGEST`; smooth but for steps from cell to cell, in holes too.
    """
    excess, precision, measured = pixel_response.excess(image, sigma, known)
    good = measured & (np.minimum(np.abs(excess), np.abs(excess - response)) * precision < FARTHEST)
    weight = np.where(good, precision**2, 0) * response
    both, own = (
        ndimage.gaussian_filter(blocks.block_means(weight * other, (CELL, CELL)), WIDTH / CELL, truncate=3)
        for other in (excess, response)
    )
    ridge = RIDGE / (2 * np.pi * WIDTH**2)
    cells = np.clip(both / (own + ridge), 0, LARGEST).astype(np.float32)
    return np.repeat(np.repeat(cells, CELL, axis=0), CELL, axis=1)


def factor(
    image: Image, sigma: Image, known: Mask, response: Image, zones: Iterable[blocks.Zone]
) -> NDArray[np.float32]:
    """What the pixels around some zones show of the corona: 1.01 for one that shows 1 % more than those around it.

    Parameters
    ----------
    image, sigma, known, response :
        As for `share`.
    zones : iterable of Zone

    Returns
    -------
    ndarray of float32, shape (H, W)
        1 far from the zones.
    """
    found = np.ones(known.shape, dtype=np.float32)
    for zone in zones:
        place = blocks.bounding_box(zone.missing, known.shape, REACH)
        found[place] = 1 + share(image[place], sigma[place], known[place], response[place]) * response[place]
    return found
