"""A frame through one position of the C2 polariser, from frames through the other two.

Scattered light of the corona is polarised along the circle about the sun, so that each position shows
``B + c P`` of the brightness B and the polarised part P of it, with ``c = -cos 2 (position - position angle)``
(Billings 1966, A Guide to the Solar Corona, ch. 5; without the factor 1 / 2, which the calibration has divided out).
Two positions tell B and P, and so the third, in streamers and mass ejections as well as between them; a ratio of
brightness tells it only for what is polarised as its surroundings are. Along the position angles at which the two
positions see the same, they do not tell P, and the ratio takes over.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

POSITIONS: Mapping[str, float] = {"0DEG": 0.0, "+60DEG": 60.0, "-60DEG": -60.0}
"""Angle of each position of C2, degrees clockwise on the detector from its rows, or from its columns, which makes no
difference. Of all angles in steps of 5 degrees, in both senses, these left the smallest residuals of the law in
triplets of 2013 and 2014, taken upright and upside down."""

LIKENESS = 0.7
"""Difference of c between two positions below which the ratio of brightness counts more than the law."""

GAINS = (0.8, 1.25)
"""Limits of the factors between the calibrations of two positions; they are 1.03 to 1.04 between 0 and the others."""


@dataclass(frozen=True, eq=False)
class Position:
    """A frame through a position of the polariser.

    Attributes
    ----------
    polar : str
        The position, a key of `POSITIONS`.
    image : ndarray of float32, shape (H, W)
    known : ndarray of bool, shape (H, W)
    """

    polar: str
    image: NDArray[np.float32]
    known: NDArray[np.bool_]


def from_two(
    frame: Position, others: Sequence[Position], angle: NDArray[np.float64], guess: NDArray[np.floating]
) -> NDArray[np.float32]:
    """What one position shows, from two others and a guess.

    Parameters
    ----------
    frame : Position
        With `known` where it was observed; the factors between the calibrations are fitted there.
    others : sequence of Position
        The two other positions.
    angle : ndarray of float64, shape (H, W)
        Direction from the sun's centre, radians counter-clockwise from the rows.
    guess : ndarray of float, shape (H, W)
        Taken where the two do not tell the third.

    Returns
    -------
    ndarray of float32, shape (H, W)
        Brightness; the guess where not both are known.
    """
    first, second = others
    own, one, two = (_coefficient(each.polar, angle) for each in (frame, first, second))
    weight = one - two
    sides = [(two - own) * first.image, (own - one) * second.image]
    both = first.known & second.known
    fitted = both & frame.known & (frame.image > 0)
    columns = np.stack([side[fitted] / frame.image[fitted] for side in sides], axis=1)
    gains = np.clip(np.linalg.lstsq(columns, -weight[fitted], rcond=None)[0], *GAINS)
    law = -weight * (gains[0] * sides[0] + gains[1] * sides[1])
    told = (law + LIKENESS**2 * guess) / (weight**2 + LIKENESS**2)
    return np.where(both, told, guess).astype(np.float32)


def _coefficient(polar: str, angle: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(-np.cos(2 * (angle + np.radians(POSITIONS[polar]))))
