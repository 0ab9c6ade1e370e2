"""What became of a frame in a run, as a record that travels between processes and into logs."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, fields
from enum import StrEnum
from typing import Any


class Fate(StrEnum):
    """What became of a frame."""

    MADE = "made"
    REMADE = "remade"
    """A product that was made in another way, or from another file, was replaced."""
    THERE = "there"
    """Its product was there already."""
    STALE = "stale"
    """A product that was made in another way, or from another file, was left as it is."""
    FAILED = "failed"
    SET_ASIDE = "set aside"
    """It ended the process that worked on it, more than once."""


@dataclass(frozen=True)
class Outcome:
    """What became of a frame.

    Attributes
    ----------
    frame : str
        Path of the Level 0.5 file.
    fate : Fate
    product : str
        Path of the product; empty when there is none.
    missing, filled, refused, occulted : int
        Blocks; missing = filled + refused + occulted.
    seconds : float
        Time that it took.
    reasons : tuple of str
        Why zones were refused.
    warnings : tuple of str
        What a user has to know before measuring in the product.
    calibration : str
        Calibration set, 'OFFICIAL' or 'NOMINAL'.
    note : str
        Why a product that was there did not do.
    code, what, remedy : str
        The error, see `corinpaint.lasco.errors.CorInpaintError`; empty when there was none.
    key : str
        Key of the entry in a plan; empty in a run without one.
    """

    frame: str
    fate: Fate
    product: str = ""
    missing: int = 0
    filled: int = 0
    refused: int = 0
    occulted: int = 0
    seconds: float = 0.0
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    calibration: str = ""
    note: str = ""
    code: str = ""
    what: str = ""
    remedy: str = ""
    key: str = ""

    @property
    def has_failed(self) -> bool:
        """Whether no product was made although one should be."""
        return self.fate in (Fate.FAILED, Fate.SET_ASIDE)

    @property
    def error(self) -> str:
        """The error as one line of text."""
        return f"{self.what}; {self.remedy}" if self.remedy else self.what

    def to_json(self) -> str:
        """The record as one line, without what has its default."""
        values = {name: value for name, value in asdict(self).items() if value not in ("", 0, 0.0, ())}
        return json.dumps(values, ensure_ascii=False)


def from_json(line: str | bytes) -> Outcome:
    """Read a line that `Outcome.to_json` wrote; names that this version does not know are ignored.

    Raises
    ------
    ValueError
        When it is no such line, such as the last one of a log whose writer was killed.
    """
    values: Any = json.loads(line)
    try:
        known: dict[str, Any] = {field.name: values[field.name] for field in fields(Outcome) if field.name in values}
        for name in {"reasons", "warnings"} & known.keys():
            known[name] = tuple(known[name])
        return Outcome(**{**known, "fate": Fate(known["fate"])})
    except (TypeError, KeyError) as error:
        raise ValueError(f"no outcome of a frame: {line[:80]!r}") from error
