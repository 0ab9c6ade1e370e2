"""File numbers of LASCO: the eight digits that name a frame at Level 0.5 and at Level 1.

The first digit is the telescope, the second where the frame came from (2 is the complete telemetry, played back; the
others are quick looks), the other six count. The quick-look counter of C2 has run past 21999999 and 23999999, so that
present frames are called 24000464, which is also how SolarSoft calls the Level 1 of 21000464 and of 23000464.
"""

from __future__ import annotations

import re
from pathlib import Path

LEVEL_1_DIGIT = {"2": "5", "3": "4"}
"""Second digit of the file number, from Level 0.5 to Level 1 (SolarSoft ``reduce_level_1.pro``). SolarSoft has 1 become
4 as well, and refuses 4; here both keep their number and get `SUFFIX`, so that no two frames share a product."""

SUFFIX = "_level1"
"""What the name of a product ends with where SolarSoft's numbering has no name for it that is its own."""

ENDINGS = re.compile(r"(\.(fts|fits|fit))?(\.(gz|z|bz2|xz|fz))?$", re.IGNORECASE)
"""Endings of a file that are not part of its number: those of FITS and of compressions that are read."""


def number_of(name: str) -> str:
    """File number of a frame or product from the name of its file: the name without folder and ending.

    Examples
    --------
    >>> number_of("32082037.fts.gz")
    '32082037'
    >>> number_of("24000464_level1.fits.fz")
    '24000464_level1'
    """
    return ENDINGS.sub("", Path(name).name)


def level1_number(number: str) -> str:
    """File number of the Level 1 product of a frame.

    SolarSoft's, where the second digit is 2 or 3; else the number of the frame and ``_level1``. No two frames have the
    same; `frame_number` is the inverse.

    Examples
    --------
    >>> level1_number("32082037"), level1_number("24000464")
    ('35082037', '24000464_level1')
    """
    if re.fullmatch(r"[23][23]\d{6}", number, re.ASCII):
        return number[0] + LEVEL_1_DIGIT[number[1]] + number[2:]
    return number + SUFFIX


def frame_number(product: str) -> str:
    """File number of the frame that a Level 1 product was made from; the inverse of `level1_number`.

    Parameters
    ----------
    product : str
        File number of the product, see `number_of`.

    Returns
    -------
    str
        Empty when no product of CorInpaint is called so. SolarSoft's 24 and 34 may also be of 21 and 31.

    Examples
    --------
    >>> frame_number("35082037"), frame_number("24000464_level1"), frame_number("difference")
    ('32082037', '24000464', '')
    """
    if product.endswith(SUFFIX):
        number = product.removesuffix(SUFFIX)
        return number if level1_number(number) == product else ""
    if re.fullmatch(r"[23][45]\d{6}", product, re.ASCII):
        return product[0] + {new: old for old, new in LEVEL_1_DIGIT.items()}[product[1]] + product[2:]
    return ""
