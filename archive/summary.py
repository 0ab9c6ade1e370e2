"""What a run did: frames by their fate, blocks, seconds, failures by kind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.restore.decision import kind_of_objection

MAX_FILES = 10
"""How many files of a kind of failure are named in text; a file of the outcomes has all."""


@dataclass
class Summary:
    """What a run did so far.

    Attributes
    ----------
    frames : Counter of Fate
    blocks : Counter of str
        'missing', 'filled', 'refused' and 'occulted' blocks of the frames whose products this run made.
    reasons : Counter of str
        Why zones were refused, without the numbers of each zone, by the number of frames with such a zone.
    failures : dict of str to list of Outcome
        Frames that failed, by the code of the error.
    """

    frames: Counter[Fate] = field(default_factory=Counter)
    blocks: Counter[str] = field(default_factory=Counter)
    reasons: Counter[str] = field(default_factory=Counter)
    failures: dict[str, list[Outcome]] = field(default_factory=dict)
    warned: int = 0

    def add(self, outcome: Outcome) -> None:
        """Count a frame."""
        self.frames[outcome.fate] += 1
        for name in ("missing", "filled", "refused", "occulted"):
            self.blocks[name] += getattr(outcome, name)
        self.reasons.update(set(map(kind_of_objection, outcome.reasons)))
        self.warned += bool(outcome.warnings)
        if outcome.has_failed:
            self.failures.setdefault(outcome.code, []).append(outcome)

    @property
    def count(self) -> int:
        """Frames in all."""
        return self.frames.total()

    @property
    def made(self) -> int:
        """Products that were made or made anew."""
        return self.frames[Fate.MADE] + self.frames[Fate.REMADE]

    @property
    def failed(self) -> int:
        """Frames without a product that should have one."""
        return sum(map(len, self.failures.values()))

    def to_dict(self, seconds: float) -> dict[str, Any]:
        """The summary as plain values for JSON; `seconds` is the wall-clock time of the run."""
        return {
            "frames": {fate.name.lower(): self.frames[fate] for fate in Fate} | {"all": self.count},
            "blocks": {name: self.blocks[name] for name in ("missing", "filled", "refused", "occulted")},
            "refused_because": dict(self.reasons.most_common()),
            "frames_with_warnings": self.warned,
            "seconds": round(seconds, 3),
            "failures": {
                code: [{"file": one.frame, "what": one.what, "remedy": one.remedy} for one in outcomes]
                for code, outcomes in sorted(self.failures.items())
            },
        }

    def lines(self, seconds: float) -> Iterator[str]:
        """The summary as text, for people; `seconds` is the wall-clock time of the run."""
        fates = ", ".join(f"{self.frames[fate]} {_WORDS[fate]}" for fate in Fate if self.frames[fate])
        rate = f", {self.made / seconds:.1f} frames/s" if self.made > 1 and seconds > 0 else ""
        yield f"{plural(self.count, 'frame')}: {fates or 'nothing done'}; {duration(seconds)}{rate}"
        if self.made:
            parts = [f"{self.blocks[name]} {name}" for name in ("filled", "refused", "occulted") if self.blocks[name]]
            detail = f": {', '.join(parts)}" if parts else ""
            yield f"{plural(self.blocks['missing'], 'missing block')}{detail}"
        for reason, count in self.reasons.most_common():
            yield f"Refused in {plural(count, 'frame')}: {reason}"
        for code, outcomes in sorted(self.failures.items()):
            more = len(outcomes) - MAX_FILES
            names = ", ".join(one.frame or one.what for one in outcomes[:MAX_FILES]) + (
                f" and {more} more" if more > 0 else ""
            )
            yield f"Failed ({code}), {plural(len(outcomes), 'file')}: {names}"


_WORDS = {
    Fate.MADE: "made",
    Fate.REMADE: "made anew",
    Fate.THERE: "there already",
    Fate.STALE: "made in another way and left",
    Fate.FAILED: "failed",
    Fate.SET_ASIDE: "set aside",
}


def plural(count: int, noun: str) -> str:
    """A number with its noun, such as '1 frame' and '2 frames'."""
    return f"{count} {noun}{'' if count == 1 else 's'}"


def duration(seconds: float) -> str:
    """A time in words, such as '12 s', '3:20 min' or '2:05 h'."""
    if seconds < 60:
        return f"{seconds:.1f} s" if seconds < 10 else f"{seconds:.0f} s"
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes}:{rest:02} min" if minutes < 60 else f"{minutes // 60}:{minutes % 60:02} h"
