"""How long the stages of a restoration took."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass
class Stages:
    """Measures how long each stage of a restoration takes.

    Attributes
    ----------
    seconds : dict of str to float
        Wall-clock time of every stage that has ended, in their order.
    """

    seconds: dict[str, float] = field(default_factory=dict)
    _since: float = field(default_factory=time.perf_counter)

    def restarted(self, seconds: Mapping[str, float]) -> None:
        """Add stages that were measured elsewhere, and start the next one now."""
        self.seconds.update(seconds)
        self._since = time.perf_counter()

    def ended(self, name: str) -> None:
        """Record the time since the previous stage ended as that of the named stage."""
        now = time.perf_counter()
        self.seconds[name] = self.seconds.get(name, 0.0) + now - self._since
        self._since = now
