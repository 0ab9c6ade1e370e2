"""File numbers of LASCO: the eight digits that name a frame at Level 0.5 and at Level 1."""

from __future__ import annotations

import re
from pathlib import Path

LEVEL_1_DIGIT = {"1": "4", "2": "5", "3": "4"}
"""Second digit of the file number, from Level 0.5 to Level 1 (SolarSoft)."""


def number_of(name: str) -> str:
    """File number of a frame from the name of its file: the name without folder, ending and that of its compression.

    >>> number_of("32082037.fts.gz")
    '32082037'
    >>> number_of("32082037.fts.fz")
    '32082037'
    """
    return re.sub(r"(\.(fts|fits|fit))?(\.(gz|z|bz2|xz|fz))?$", "", Path(name).name, flags=re.IGNORECASE)


def level1_number(number: str) -> str:
    """File number of the Level 1 product, as SolarSoft assigns it; other names get ``_level1``.

    >>> level1_number("32082037")
    '35082037'
    """
    if re.fullmatch(r"[23][123]\d{6}", number):
        return number[0] + LEVEL_1_DIGIT[number[1]] + number[2:]
    return f"{number}_level1"
