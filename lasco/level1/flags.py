"""The flags of the MASK extension of a product."""

from __future__ import annotations

from enum import IntFlag

import numpy as np
from numpy.typing import NDArray


class Flag(IntFlag):
    """Bits of the MASK extension; a pixel without any flag was observed."""

    FILLED = 1
    NEVER_SENT = 2
    OCCULTED = 4
    SATURATED = 8
    REFUSED = 16
    USER = 32

    @property
    def meaning(self) -> str:
        """Meaning of a single flag, as the MASK extension states it."""
        return FLAG_MEANINGS[self]


FLAG_MEANINGS = {
    Flag.FILLED: "missing and filled",
    Flag.NEVER_SENT: "never sent, or outside of the frame",
    Flag.OCCULTED: "occulted (occulter, pylon, field edge)",
    Flag.SATURATED: "saturated",
    Flag.REFUSED: "missing and refused (not filled)",
    Flag.USER: "masked by the user, and filled or refused",
}
"""Meanings of the flags in the product; the wording is part of its format."""


def flagged(mask: NDArray[np.uint8], flags: Flag) -> NDArray[np.bool_]:
    """Pixels of a MASK with at least one of the flags; shape of the mask."""
    return np.asarray((mask & np.uint8(flags)) > 0)


def set_flag(mask: NDArray[np.uint8], where: NDArray[np.bool_], flag: Flag) -> None:
    """Set a flag, in place, in the selected pixels of a MASK."""
    mask[where] |= np.uint8(flag)
