"""How long the stages of a restoration took."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Stages:
    """A clock that is told when a stage has ended.

    Attributes
    ----------
    seconds : dict of str to float
        Wall-clock time of every stage that has ended, in their order.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    _since: float = field(default_factory=time.perf_counter)

    def restarted(self, seconds: Mapping[str, float]) -> None:
        """Take over stages that were booked elsewhere, and begin the next one now."""
        self.seconds.update(seconds)
        self._since = time.perf_counter()

    def ended(self, name: str) -> None:
        """Book the time since the stage before it ended."""
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
        self._since = now
