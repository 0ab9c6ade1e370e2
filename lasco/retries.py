"""Repeating what failed for a reason that may pass: how often, and how long to wait in between."""

from __future__ import annotations

import random
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypeVar

from corinpaint.lasco.errors import CorInpaintError, OptionError

if TYPE_CHECKING:
    from tenacity import RetryCallState

MAX_RETRIES = 5
"""Further attempts by default."""

MAX_HARMFUL_RETRIES = 2
"""Further attempts after failures that the attempt itself may have caused, such as the death of a worker."""

Result = TypeVar("Result")


class RetriedError(CorInpaintError):
    """An error of an operation that may be attempted several times.

    Attributes
    ----------
    attempts : int
        How often the operation was attempted; 0 while it is not known.
    """

    attempts: int = 0


class TransientError(Exception):
    """Carries an error that a further attempt may avoid.

    Parameters
    ----------
    error : RetriedError
        What to raise when there is no further attempt.
    retry_after : float, optional
        Seconds that the other side asks to wait.
    harmful : bool
        Whether the attempt itself may have caused the failure: it is not repeated again and again then.
    """

    def __init__(self, error: RetriedError, retry_after: float | None = None, *, harmful: bool = False) -> None:
        super().__init__(str(error))
        self.error, self.retry_after, self.harmful = error, retry_after, harmful


@dataclass(frozen=True)
class RetryPolicy:
    """Further attempts, after waits that double up to a maximum.

    Attributes
    ----------
    retries : int
        Maximum number of further attempts.
    initial_wait : float
        Seconds before the second attempt.
    maximum_wait : float
        Maximum number of seconds between two attempts. When the other side asks for more (Retry-After), there is no
        further attempt.
    random : callable
        Returns a number from 0 to 1.
    sleep : callable, optional
        Waits for a number of seconds; by default a wait that the event `stop` of `run` ends.
    jitter : float
        Share of each wait that is random: 0.5 waits between half of the time and all of it, 0 always all of it.

    Raises
    ------
    OptionError
        When `retries` is negative.
    """

    retries: int = MAX_RETRIES
    initial_wait: float = 0.5
    maximum_wait: float = 30.0
    random: Callable[[], float] = random.random
    sleep: Callable[[float], None] | None = None
    jitter: float = 0.5

    def __post_init__(self) -> None:
        if self.retries < 0:
            raise OptionError(f"retries = {self.retries}: must not be negative", "0 tries once")

    def wait(self, attempt: int, retry_after: float | None = None) -> float:
        """Seconds before the next attempt.

        Parameters
        ----------
        attempt : int
            Number of attempts that have failed, from 1.
        retry_after : float, optional
            Minimum number of seconds, which the other side asks for.

        Returns
        -------
        float
        """
        seconds = min(self.initial_wait * 2.0 ** (attempt - 1), self.maximum_wait)
        return max(seconds * (1 - self.jitter + self.jitter * self.random()), retry_after or 0.0)

    def run(self, operation: Callable[[], Result], stop: threading.Event | None = None) -> tuple[Result, int]:
        """Attempt an operation until it does not fail with a `TransientError`.

        Parameters
        ----------
        operation : callable
            Raises `TransientError` when a further attempt may help.
        stop : threading.Event, optional
            Ends a wait when it is set; there is no further attempt then.

        Returns
        -------
        result : object
            What `operation` returned.
        attempts : int
            How often it was attempted.

        Raises
        ------
        RetriedError
            That of the last attempt, with the number of attempts. Errors that are not transient end the attempts.
        """
        import tenacity  # takes 30 ms

        stopped, failures = stop or threading.Event(), list[TransientError]()

        def is_final(state: RetryCallState) -> bool:
            failure = _failure(state)
            failures.append(failure)
            harmful = sum(earlier.harmful for earlier in failures)
            asked_too_much = failure.retry_after is not None and failure.retry_after > self.maximum_wait
            too_often = len(failures) > self.retries or harmful > MAX_HARMFUL_RETRIES
            return too_often or asked_too_much or stopped.is_set()

        def sleep(seconds: float) -> None:
            (self.sleep or stopped.wait)(seconds)
            if stopped.is_set():
                raise failures[-1]

        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(TransientError),
            wait=lambda state: self.wait(state.attempt_number, _failure(state).retry_after),
            stop=is_final,
            sleep=sleep,
            reraise=True,
        )
        try:
            return retrying(operation), len(failures) + 1
        except TransientError as last:
            raise _counted(last.error, len(failures)) from last
        except RetriedError as error:
            error.attempts = len(failures) + 1
            raise
        finally:
            failures.clear()  # their tracebacks refer to this frame


def parse_retry_after(text: str) -> float | None:
    """Seconds that a header Retry-After asks to wait.

    Parameters
    ----------
    text : str
        Value of the header: a number of seconds, or a date; empty when there is none.

    Returns
    -------
    float or None
        At least 0; None when it is neither.

    Examples
    --------
    >>> parse_retry_after("120")
    120.0
    """
    from email.utils import parsedate_to_datetime

    text = text.strip()
    if text.isascii() and text.isdigit():
        return float(text[:9])
    try:
        when = parsedate_to_datetime(text)
    except ValueError:
        return None
    return max(0.0, (when.replace(tzinfo=when.tzinfo or UTC) - datetime.now(UTC)).total_seconds())


def _failure(state: RetryCallState) -> TransientError:
    """The failure of the latest attempt."""
    failure = state.outcome.exception() if state.outcome else None
    if not isinstance(failure, TransientError):
        raise TypeError(f"no transient failure but {failure!r}")
    return failure


def _counted(error: RetriedError, attempts: int) -> RetriedError:
    """The error with the number of attempts, also in its text when there was more than one."""
    error.attempts = attempts
    if attempts > 1:
        error.what = f"{error.what} (tried {attempts} times)"
    return error
