"""Where a run stands, by its logs: what became of each entry of the plan, however many processes wrote of it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.archive.planning.plan_file import Plan
from corinpaint.archive.running import logs

FATES = tuple(Fate)

MADE = (Fate.MADE, Fate.REMADE)
"""Fates of frames whose products were made."""

MAY_PASS = frozenset({"output"})
"""Codes of errors that may pass, such as that of a full disk."""

MAX_ATTEMPTS = 3
"""In how many runs a frame is tried that fails with an error that may pass."""

MAX_INTERRUPTED = 4
"""How often work on a frame may be interrupted by the end of its process, in all runs, before it is set aside."""

MAX_NAMED = 1000
"""How many conflicts are kept by name."""

_RANK = {Fate.FAILED: 1, Fate.SET_ASIDE: 2, Fate.STALE: 3, Fate.THERE: 4, Fate.MADE: 5, Fate.REMADE: 6}
"""What counts when logs say several things of an entry: the higher."""

_BLOCKS = ("missing", "filled", "refused", "occulted")


@dataclass(frozen=True)
class Conflict:
    """What logs say of one entry and cannot both be so, or should not.

    Attributes
    ----------
    frame : str
    what : str
    """

    frame: str
    what: str


@dataclass(eq=False)
class State:
    """Where a run stands; the memory is 26 bytes for each entry, and the failures.

    Attributes
    ----------
    plan : Plan
    ranks : ndarray of uint8, shape (entries,)
        0 for an entry that has not ended, else that of its fate.
    blocks : ndarray of int16, shape (entries, 4)
        Missing, filled, refused and occulted blocks.
    lines : ndarray of int64, shape (entries, 2)
        Index of the log and offset of the line that counts.
    failures : dict of int to Outcome
        By position.
    attempts : Counter of int
        Failures so far, by position.
    interrupted : Counter of int
        How often work was begun and did not end, by position.
    conflicts : list of Conflict
    strangers : int
        Outcomes of frames that are not in the plan.
    logs : list of Path
        What was read.
    """

    plan: Plan
    ranks: np.ndarray = field(init=False)
    blocks: np.ndarray = field(init=False)
    lines: np.ndarray = field(init=False)
    failures: dict[int, Outcome] = field(default_factory=dict)
    attempts: Counter[int] = field(default_factory=Counter)
    interrupted: Counter[int] = field(default_factory=Counter)
    conflicts: list[Conflict] = field(default_factory=list)
    strangers: int = 0
    logs: list[Path] = field(default_factory=list)

    def __post_init__(self) -> None:
        count = self.plan.count
        self.ranks = np.zeros(count, np.uint8)
        self.blocks = np.zeros((count, len(_BLOCKS)), np.int16)
        self.lines = np.zeros((count, 2), np.int64)

    def read(self, path: Path) -> None:
        """Take a log in."""
        self.logs.append(path)
        begun = ""
        for line in logs.read(path):
            begun = line.key if line.outcome is None else ""
            if line.outcome is None:
                continue
            (position,) = self.plan.positions([line.key])
            if position is None:
                self.strangers += 1
            else:
                self.take(position, line.outcome, line.offset)
        (position,) = self.plan.positions([begun])
        if position is not None:
            self.interrupted[position] += 1

    def take(self, position: int, outcome: Outcome, offset: int = 0) -> None:
        """Take in what became of an entry."""
        rank, former = _RANK[outcome.fate], int(self.ranks[position])
        if outcome.has_failed:
            self.attempts[position] += 1
        elif former:
            self._compare(position, outcome, former)
        if rank < former:
            return
        self.ranks[position] = rank
        self.lines[position] = len(self.logs) - 1, offset  # of the log that is being read
        if outcome.fate in MADE:
            self.blocks[position] = [getattr(outcome, name) for name in _BLOCKS]
        if outcome.has_failed:
            self.failures[position] = outcome
        else:
            self.failures.pop(position, None)

    def _compare(self, position: int, outcome: Outcome, former: int) -> None:
        """Put on record that an entry was made before, and whether it came out in another way."""
        if outcome.fate not in MADE or former < _RANK[Fate.MADE] or len(self.conflicts) >= MAX_NAMED:
            return
        counts = [getattr(outcome, name) for name in _BLOCKS]
        before = self.blocks[position].tolist()
        differs = f", with {counts} and {before} blocks ({', '.join(_BLOCKS)})" if counts != before else ""
        self.conflicts.append(Conflict(outcome.frame, f"made more than once{differs}"))

    def frames(self) -> dict[str, int]:
        """Number of entries by fate, and of those that remain."""
        numbers = np.bincount(self.ranks, minlength=len(_RANK) + 1)
        return {str(fate): int(numbers[rank]) for fate, rank in _RANK.items() if numbers[rank]} | {
            "remaining": int(numbers[0])
        }

    def by_kind(self) -> dict[str, list[Outcome]]:
        """Failures by the code of their errors, in the order of the plan."""
        kinds: dict[str, list[Outcome]] = {}
        for _, outcome in sorted(self.failures.items()):
            kinds.setdefault(outcome.code, []).append(outcome)
        return kinds

    def is_done(self, position: int) -> bool:
        """Whether an entry has a product, or one that stays as it is."""
        return bool(self.ranks[position] > _RANK[Fate.SET_ASIDE])

    def is_given_up(self, position: int) -> bool:
        """Whether an entry failed in a way that stays, or too often."""
        failure = self.failures.get(position)
        return failure is not None and not (failure.code in MAY_PASS and self.attempts[position] < MAX_ATTEMPTS)

    def to_dict(self) -> dict[str, Any]:
        """The state as plain values for JSON."""
        return {
            "entries": self.plan.count,
            "frames": self.frames(),
            "blocks": dict(zip(_BLOCKS, map(int, self.blocks.sum(axis=0, dtype=np.int64)), strict=True)),
            "failures": {
                code: [
                    {"frame": one.frame, "fate": str(one.fate), "what": one.what, "remedy": one.remedy} for one in kind
                ]
                for code, kind in self.by_kind().items()
            },
            "interrupted": sum(not self.ranks[position] for position in self.interrupted),
            "conflicts": [{"frame": one.frame, "what": one.what} for one in self.conflicts],
            "not_in_plan": self.strangers,
            "logs": len(self.logs),
        }


def read_state(plan: Plan) -> State:
    """Where a run stands.

    Raises
    ------
    OutputError
        When a log cannot be read.
    """
    state = State(plan)
    for path in logs.files(plan.run):
        state.read(path)
    return state
