"""Colours of a picture's drawings, which the colour-blind can tell apart: those of Okabe and Ito (2008)."""

from __future__ import annotations

from dataclasses import dataclass

ORANGE, SKY_BLUE, GREEN, YELLOW = "#E69F00", "#56B4E9", "#009E73", "#F0E442"
BLUE, VERMILLION, PURPLE = "#0072B2", "#D55E00", "#CC79A7"

HIDDEN = "#6E6E6E"
"""Occulted: neutral grey, which no colour table has."""

UNSENT = "#9A9A9A"
"""Never sent, or outside of the frame."""


@dataclass(frozen=True)
class Palette:
    """Colours of what is drawn over an image.

    Attributes
    ----------
    filled, refused, user, saturated : str
        Of the flags; refused zones have a hatch besides.
    lines : str
        Limb, rings and position angles.
    """

    filled: str
    refused: str
    user: str
    saturated: str
    lines: str = "#FFFFFF"


PALETTES = {
    "C2": Palette(filled=SKY_BLUE, refused=YELLOW, user=GREEN, saturated=BLUE),
    "C3": Palette(filled=ORANGE, refused=YELLOW, user=GREEN, saturated=VERMILLION),
}
"""By telescope: C2 is drawn in reds, C3 in blues."""
