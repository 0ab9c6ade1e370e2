"""What a report says first: how many frames, when, of which telescope, and what became of their missing blocks."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from corinpaint.archive.reporting.entries import Entry
from corinpaint.archive.summary import plural
from corinpaint.restore.decision import kind_of_objection


@dataclass
class Totals:
    """Numbers over the frames of a report.

    Attributes
    ----------
    frames, failed, with_missing, with_refused, with_warnings : int
        Frames in all, and those without a product that can be shown, with missing blocks, with refused zones, with
        warnings.
    first, last : str
        DATE-OBS of the first and the last frame with one.
    blocks, detectors, fates, zones, calibrations, weights, versions, reasons : Counter of str
    """

    frames: int = 0
    failed: int = 0
    with_missing: int = 0
    with_refused: int = 0
    with_warnings: int = 0
    first: str = ""
    last: str = ""
    blocks: Counter[str] = field(default_factory=Counter)
    detectors: Counter[str] = field(default_factory=Counter)
    fates: Counter[str] = field(default_factory=Counter)
    zones: Counter[str] = field(default_factory=Counter)
    calibrations: Counter[str] = field(default_factory=Counter)
    weights: Counter[str] = field(default_factory=Counter)
    versions: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)


def totals(entries: Iterable[Entry]) -> Totals:
    """Count the frames of a report."""
    found = Totals()
    for entry in entries:
        found.frames += 1
        found.failed += entry.has_failed
        found.with_missing += entry.missing > 0
        found.with_refused += entry.refused > 0
        found.with_warnings += bool(entry.warnings)
        found.fates[entry.fate] += 1
        if entry.date:
            found.first = min(found.first or entry.date, entry.date)
            found.last = max(found.last, entry.date)
        if entry.has_failed:
            continue
        found.reasons.update(set(map(kind_of_objection, entry.reasons)))
        found.zones.update(entry.zones)
        for name in ("missing", "filled", "refused", "occulted"):
            found.blocks[name] += getattr(entry, name)
        found.detectors[entry.detector or "unknown"] += 1
        found.calibrations[entry.calibration or "unknown"] += 1
        found.versions[entry.version or "unknown"] += 1
        found.weights[entry.weights or "none"] += 1
    return found


def lines(found: Totals, command: str, passed_over: Counter[str]) -> Sequence[tuple[str, str]]:
    """The totals in words, by name.

    Parameters
    ----------
    found : Totals
    command : str
        The command that made the report; empty for none.
    passed_over : Counter of str
        Files that are no products, by what they are.
    """
    number = found.blocks
    span = f"{found.first[:19]} to {found.last[:19]}" if found.first else "unknown"
    parts = [
        ("Frames", f"{found.frames}, of which {found.failed} failed or damaged"),
        ("Time", span),
        ("Detectors", _counted(found.detectors)),
        ("What became of them", _counted(found.fates)),
        ("Frames with missing blocks", f"{found.with_missing}; with refused zones {found.with_refused}"),
        (
            "Missing blocks",
            f"{number['missing']}: "
            + ", ".join(f"{number[name]} {name}" for name in ("filled", "refused", "occulted")),
        ),
        ("Zones filled by", _counted(found.zones)),
        ("Zones refused because", _reasons(found.reasons)),
        ("Frames with warnings", str(found.with_warnings)),
        ("Calibration", _counted(found.calibrations)),
        ("Weights", _counted(Counter({name[:12]: count for name, count in found.weights.items()}))),
        ("Version", _counted(found.versions)),
        ("Passed over", _counted(passed_over)),
        ("Command", command),
    ]
    return [(name, value) for name, value in parts if value]


def _reasons(numbers: Counter[str]) -> str:
    return "; ".join(f"{reason}: in {plural(count, 'frame')}" for reason, count in numbers.most_common())


def _counted(numbers: Counter[str]) -> str:
    return "; ".join(f"{name}: {count}" for name, count in numbers.most_common())
