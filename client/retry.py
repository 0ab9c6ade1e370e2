"""How often a client tries, and how long it waits in between."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from corinpaint.client.errors import ClientError, PassingError
from corinpaint.lasco.errors import OptionError

RETRIES = 5

DEADLY = 2
"""Further tries at most after a worker died: the frame may be what kills it."""

Result = TypeVar("Result")


@dataclass(frozen=True)
class Patience:
    """Further tries with waits that double, each by chance between half of that and all of it.

    Attributes
    ----------
    retries : int
        Further tries at most.
    first : float
        Seconds before the second try.
    longest : float
        Seconds between two tries at most. An endpoint that asks for more (Retry-After) is left alone: the error stands.
    chance : callable
        A number between 0 and 1.
    sleep : callable, optional
        Waits for some seconds; by default a wait that `stop` of `tried` ends.
    """

    retries: int = RETRIES
    first: float = 0.5
    longest: float = 30.0
    chance: Callable[[], float] = random.random
    sleep: Callable[[float], None] | None = None

    def __post_init__(self) -> None:
        if self.retries < 0:
            raise OptionError(f"retries = {self.retries}: must not be negative; 0 tries once")

    def wait(self, number: int, after: float | None) -> float | None:
        """Seconds before the next try.

        Parameters
        ----------
        number : int
            Tries that failed so far, from 1.
        after : float or None
            Seconds that the endpoint asks for.

        Returns
        -------
        float or None
            None when the endpoint asks for more than `longest`.
        """
        if after is not None and after > self.longest:
            return None
        seconds = min(self.first * 2.0 ** (number - 1), self.longest) * (0.5 + 0.5 * self.chance())
        return max(seconds, after or 0.0)

    def tried(self, attempt: Callable[[], Result], stop: threading.Event) -> tuple[Result, int]:
        """Do something until it does not fail for a passing reason.

        Parameters
        ----------
        attempt : callable
            Raises `PassingError` when another try may help.
        stop : threading.Event
            Once it is set there is no further try.

        Returns
        -------
        result : object
            What `attempt` returned.
        attempts : int
            How often it was called.

        Raises
        ------
        ClientError
            That of the last try, with the number of tries in it; all that is not passing, at once.
        """
        number = deaths = 0
        while True:
            number += 1
            try:
                return attempt(), number
            except ClientError as final:
                final.attempts = number
                raise
            except PassingError as passing:
                error, deaths = passing.error, deaths + passing.deadly
                seconds = self.wait(number, passing.after)
            error.attempts = number
            if number > self.retries or deaths > DEADLY or seconds is None:
                raise _counted(error)
            if not stop.is_set():
                (self.sleep or stop.wait)(seconds)
            if stop.is_set():
                raise _counted(error)


def _counted(error: ClientError) -> ClientError:
    """The error, telling how often it was tried."""
    if error.attempts > 1:
        remedy = f"; {error.remedy}" if error.remedy else ""
        error.args = (f"{error.what} (tried {error.attempts} times){remedy}",)
    return error
