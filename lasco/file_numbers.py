"""The numbers that LASCO files are known by, at Level 0.5 and at Level 1."""

from __future__ import annotations

import re
from pathlib import Path

LEVEL_1_DIGIT = {"1": "4", "2": "5", "3": "4"}
"""Second digit of the file number: Level 0.5 -> Level 1 (SolarSoft)."""


def number_of(name: str) -> str:
    """The number that a file's name gives a frame: 32082037.fts.gz -> 32082037."""
    return re.sub(r"\.(fts|fits|fit)?(\.gz)?$", "", Path(name).name, flags=re.IGNORECASE)


def level1_number(number: str) -> str:
    """SolarSoft's number of the Level 1 file: 32082037 -> 35082037; other names get ``_level1``."""
    if re.fullmatch(r"[23][123]\d{6}", number):
        return number[0] + LEVEL_1_DIGIT[number[1]] + number[2:]
    return f"{number}_level1"
