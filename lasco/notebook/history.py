"""What a product says about its fills, read back from its HISTORY."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from astropy.io import fits

HISTORY_WIDTH = 72
"""Maximum number of characters in a HISTORY card."""

WARNING = "Warning: "
"""Beginning of a warning in HISTORY."""

_OWN = re.compile(r"^CorInpaint \S+: Level 0\.5 file ")
_ZONE = re.compile(r"^Zone (\d+), (\d+) missing blocks: (.*)$")
_AFTER_ZONES = re.compile(r"^(Compressed without loss|(IMAGE|UNCERT|NOISE)\b.* quantised|Subtracted \S+ \()")
_AFTER_WARNINGS = re.compile(
    r"Missing blocks filled by|Zone \d+, |Compressed without loss|Mask of the user: |.* quantised"
)
_REFUSED = re.compile(r"^refused: (.*)$")
_FILLED = re.compile(
    r"^filled by (?P<method>[\w-]+)"
    r"(?:, measured error (?P<error>\S+) x noise)?"
    r"(?:, predicted error (?P<predicted>\S+) x noise)?"
    r"(?:, context (?P<context>[^,]+))?"
    r"(?:, (?P<pixels>\d+) px on the detector sum to (?P<total>\S+) \+- (?P<total_error>\S+) (?P<unit>\S+))?$"
)


@dataclass(frozen=True)
class ZoneHistory:
    """What became of a zone of missing blocks.

    Attributes
    ----------
    number : int
        Counted from 1.
    count : int
        Missing blocks of the zone.
    refused : str
        Why it was not filled; empty when it was.
    method : str
        What filled it; empty when nothing did.
    error : float or None
        Median error over noise that was measured for the method on such zones.
    context : tuple of str
        File numbers of the context frames that the fill took from.
    pixels : int
        Pixels of the zone in the field of view on the detector grid; 0 where no sum was written.
    total, total_error : float or None
        Sum of the fill over them and its error, 1 sigma, unit of the product times px.
    predicted : float or None
        Median error over noise that the network predicted for its fill of this zone.
    """

    number: int
    count: int
    refused: str = ""
    method: str = ""
    error: float | None = None
    context: tuple[str, ...] = ()
    pixels: int = 0
    total: float | None = None
    total_error: float | None = None
    predicted: float | None = None


def own_history(header: fits.Header) -> tuple[str, ...]:
    """Cards of HISTORY that CorInpaint wrote, from the line with its version on; none in other files."""
    lines = [str(line) for line in header.get("HISTORY", [])]
    starts = [index for index, line in enumerate(lines) if _OWN.match(line)]
    return tuple(lines[starts[0] :]) if starts else ()


def zones(header: fits.Header) -> tuple[ZoneHistory, ...]:
    """The zones of a product in the order of their numbers.

    Parameters
    ----------
    header : astropy.io.fits.Header
        Of a product; lines of HISTORY that were broken are joined.

    Returns
    -------
    tuple of ZoneHistory
        Numbers have the digits that HISTORY has.
    """
    return tuple(zone for zone in map(_zone, _zone_lines(own_history(header))) if zone is not None)


def warnings(header: fits.Header) -> tuple[str, ...]:
    """What a user has to know before measuring in a product, one sentence each.

    HISTORY breaks long lines between words, so that a line goes on where the next word did not fit.

    Parameters
    ----------
    header : astropy.io.fits.Header
        Of a product; none in files of other programs.

    Returns
    -------
    tuple of str
    """
    found: list[str] = []
    before = ""
    for line in own_history(header):
        if line.startswith(WARNING):
            found.append(line.removeprefix(WARNING))
        elif before and not _AFTER_WARNINGS.match(line) and not _fits(before, line):
            found[-1] += f" {line}"
        else:
            before = ""
            continue
        before = line
    return tuple(found)


def _fits(before: str, line: str) -> bool:
    """Whether the first word of a line would have had room on the line before it."""
    return len(before) + 1 + len(line.split(" ", 1)[0]) <= HISTORY_WIDTH


def _zone_lines(lines: Sequence[str]) -> list[str]:
    found: list[str] = []
    for line in lines:
        if _ZONE.match(line):
            found.append(line)
        elif found and _AFTER_ZONES.match(line):
            break
        elif found:
            found[-1] += f" {line}"
    return found


def _zone(line: str) -> ZoneHistory | None:
    parts = _ZONE.match(line)
    if parts is None:
        return None
    number, count, fate = int(parts[1]), int(parts[2]), parts[3]
    refused, filled = _REFUSED.match(fate), _FILLED.match(fate)
    if refused is not None or filled is None:
        return ZoneHistory(number, count, refused=fate if refused is None else refused[1])
    found = filled.groupdict()
    return ZoneHistory(
        number,
        count,
        method=found["method"],
        error=_float(found["error"]),
        predicted=_float(found["predicted"]),
        context=tuple((found["context"] or "").split()),
        pixels=int(found["pixels"] or 0),
        total=_float(found["total"]),
        total_error=_float(found["total_error"]),
    )


def _float(text: str | None) -> float | None:
    return None if text is None else float(text)


def provenance(header: fits.Header) -> dict[str, object]:
    """How a product was made, as plain values for a table or JSON.

    Parameters
    ----------
    header : astropy.io.fits.Header
        Of a product; a file of another program gives fewer entries.

    Returns
    -------
    dict
        Values of the cards that say so, under the names that the JSON report of `corinpaint restore` has where it has
        them: calibration set and files, steps left out, fill, weights, context, pointing, observer, Level 0.5 file.
    """
    named = {
        "creator": "CREATOR",
        "level05_sha256": "L05HASH",
        "calibration": "CALIB",
        "left_out": "CALOPT",
        "fill": "FILL",
        "policy": "FILLPOL",
        "max_error": "MAXERR",
        "context": "CONTEXT",
        "context_asked": "CTXASKED",
        "weights": "WEIGHTS",
        "weights_version": "NETVER",
        "user_mask": "USERMASK",
        "pointing": "POINTSRC",
        "observer": "OBSSRC",
        "compression": "COMPRESS",
    }
    found: dict[str, object] = {name: header[key] for name, key in named.items() if key in header}
    numbers = sorted(int(key[4:]) for key in header if re.fullmatch(r"CALF\d+", key))
    if numbers:
        found["files"] = {str(header[f"CALF{i}"]): str(header.get(f"CALH{i}", "")) for i in numbers}
    return found
