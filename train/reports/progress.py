"""Progress of a run: a bar on a terminal, a line a minute elsewhere; both true for steps and for minutes."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from tqdm import tqdm

MINUTE = 60.0
"""Seconds from one record of the losses to the next."""

FORMAT = "{percentage:5.1f}%|{bar}| {elapsed}<{remaining}{postfix}"
"""Of the bar: its total is the whole run, whatever ends it."""


@dataclass(frozen=True)
class Limits:
    """What ends a run.

    Attributes
    ----------
    steps : int
    minutes : float or None
        Of all parts of a resumed run.
    """

    steps: int
    minutes: float | None = None

    def share(self, step: int, seconds: float) -> float:
        """Share of the run that is done, 0 to 1: of the limit that will end it first, going by now."""
        of_time = 0.0 if self.minutes is None else seconds / (MINUTE * self.minutes)
        return min(max(step / self.steps, of_time), 1.0)


class RunProgress:
    """Shows how far a run is.

    Parameters
    ----------
    limits : Limits
    step : int
        Step from which the run continues.
    seconds : float
        Time that its earlier parts took.
    tell : callable
        Takes a line a minute where standard error is no terminal.
    terminal : bool, optional
        Whether standard error is a terminal; by default it is asked.
    clock : callable
        Seconds from any start.
    """

    def __init__(
        self,
        limits: Limits,
        step: int,
        seconds: float,
        tell: Callable[[str], None],
        *,
        terminal: bool | None = None,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.limits, self.tell, self.clock = limits, tell, clock
        self.started = self.recorded = clock()
        self.first = limits.share(step, seconds)
        self.bar: tqdm[None] | None = None
        if sys.stderr.isatty() if terminal is None else terminal:
            self.bar = tqdm(total=1.0, initial=self.first, bar_format=FORMAT)

    def update(self, step: int, seconds: float, losses: Mapping[str, float]) -> bool:
        """Show that a step is done; whether a minute has passed, so that the losses are to be recorded."""
        done = self.limits.share(step, seconds)
        if self.bar is not None:
            self.bar.set_postfix(step=step, loss=f"{losses['total']:.4f}", refresh=False)
            self.bar.update(done - self.bar.n)
        now = self.clock()
        if now - self.recorded < MINUTE:
            return False
        self.recorded = now
        if self.bar is None:
            left = (now - self.started) * (1 - done) / max(done - self.first, 1e-9) / MINUTE
            terms = ", ".join(f"{name} {value:.4f}" for name, value in losses.items())
            self.tell(
                f"{100 * done:.1f} %, step {step}, {seconds / MINUTE:.1f} min, about {left:.0f} min left: {terms}"
            )
        return True

    def close(self) -> None:
        """Leave the bar as it is."""
        if self.bar is not None:
            self.bar.close()
