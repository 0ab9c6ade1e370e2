"""A frame in a report: what its row of the table says, and what the summary counts."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from enum import StrEnum
from pathlib import PurePosixPath
from typing import Any

from corinpaint.archive.outcome import Outcome
from corinpaint.lasco.file_numbers import number_of


class Kind(StrEnum):
    """What a report has of a frame, besides the fates that a run's log gives."""

    PRODUCT = "product"
    """A product of which no log says when it was made."""
    DAMAGED = "damaged"
    """A product that cannot be read, or whose content is not what was written."""


@dataclass(frozen=True)
class Entry:
    """A frame in a report.

    Attributes
    ----------
    file : str
        Path of the product below the folder of the products, with slashes; the frame's where there is no product.
    key : str
        Name of the folder of its page; empty when it has none.
    number : str
        File number.
    date : str
        DATE-OBS of the product; empty when it is unknown.
    detector, filter, polar : str
    fate : str
        A `Fate` by the run's log, or a `Kind`.
    missing, filled, refused, occulted : int
        Blocks.
    zones : dict of str to int
        Filled zones by their method.
    reasons : tuple of str
        Why zones were refused, and why a product could not be shown or made.
    warnings : tuple of str
    calibration, weights, version : str
        CALIB, WEIGHTS and CREATOR of the product.
    seconds : float
        Time that the frame took in the run, or its stages together; 0 when it is unknown.
    """

    file: str
    key: str = ""
    number: str = ""
    date: str = ""
    detector: str = ""
    filter: str = ""
    polar: str = ""
    fate: str = Kind.PRODUCT
    missing: int = 0
    filled: int = 0
    refused: int = 0
    occulted: int = 0
    zones: Mapping[str, int] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    warnings: tuple[str, ...] = ()
    calibration: str = ""
    weights: str = ""
    version: str = ""
    seconds: float = 0.0

    @property
    def has_failed(self) -> bool:
        """Whether there is no product that can be shown."""
        return not self.key

    @property
    def order(self) -> tuple[bool, str, str]:
        """By time; frames without a date come last."""
        return not self.date, self.date, self.file

    def to_json(self) -> dict[str, Any]:
        """The entry as plain values."""
        return asdict(self)


def from_json(values: Any) -> Entry:
    """An entry that `Entry.to_json` gave.

    Raises
    ------
    ValueError
        When it is none.
    """
    try:
        known = {one.name: values[one.name] for one in fields(Entry)}
        return Entry(**{**known, "reasons": tuple(known["reasons"]), "warnings": tuple(known["warnings"])})
    except (TypeError, KeyError) as error:
        raise ValueError(f"no entry of a report: {json.dumps(values)[:80]}") from error


def failed(outcome: Outcome) -> Entry:
    """The entry of a frame that has no product, by the run's log."""
    return Entry(
        outcome.frame or "unknown",
        number=number_of(PurePosixPath(outcome.frame).name) if outcome.frame else "",
        fate=str(outcome.fate),
        reasons=(outcome.error,),
        seconds=outcome.seconds,
    )


def damaged(file: str, reason: str) -> Entry:
    """The entry of a product that cannot be shown."""
    return Entry(file, number=number_of(PurePosixPath(file).name), fate=Kind.DAMAGED, reasons=(reason,))


def key_of(file: str) -> str:
    """Name of the folder of a product's page: its number, and what tells files of the same number apart."""
    number = re.sub(r"[^A-Za-z0-9_-]", "_", number_of(PurePosixPath(file).name))[:40]
    return f"{number}-{hashlib.sha256(file.encode('utf-8', 'surrogateescape')).hexdigest()[:8]}"
