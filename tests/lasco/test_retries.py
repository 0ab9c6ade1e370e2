"""Attempts and the waits between them, without waiting."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime

import pytest

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.retries import (
    MAX_HARMFUL_RETRIES,
    RetriedError,
    RetryPolicy,
    TransientError,
    parse_retry_after,
)


class UnreachableError(RetriedError):
    """No answer."""


def failing(*errors):
    """Raises the errors one after the other, then succeeds."""
    left = list(errors)

    def attempt():
        if left:
            raise left.pop(0)
        return "done"

    return attempt


def unreachable(after=None):
    return TransientError(UnreachableError("no connection", "try again later"), after)


def died():
    return TransientError(RetriedError("worker died", "try again later"), harmful=True)


def test_waits_double_up_to_the_maximum_and_vary_randomly():
    waits = [RetryPolicy(initial_wait=1, maximum_wait=10, random=lambda: 1.0).wait(n, None) for n in range(1, 7)]
    assert waits == [1, 2, 4, 8, 10, 10]
    assert RetryPolicy(initial_wait=1, random=lambda: 0.0).wait(3, None) == 2
    assert len({RetryPolicy().wait(3, None) for _ in range(20)}) > 10


def test_a_transient_failure_is_attempted_again():
    slept = []
    policy = RetryPolicy(retries=3, initial_wait=1, random=lambda: 1.0, sleep=slept.append)
    assert policy.run(failing(unreachable(), died(), unreachable(7)), threading.Event()) == ("done", 4)
    assert slept == [1, 2, 7]


def test_the_last_error_says_how_often_it_was_attempted():
    with pytest.raises(UnreachableError) as caught:
        RetryPolicy(retries=2, sleep=lambda _: None).run(failing(*(unreachable() for _ in range(3))), threading.Event())
    assert caught.value.attempts == 3
    assert str(caught.value) == "no connection (tried 3 times); try again later"


def test_a_final_error_is_raised_at_once():
    with pytest.raises(RetriedError) as caught:
        RetryPolicy(sleep=pytest.fail).run(failing(RetriedError("no", "never")), threading.Event())
    assert (caught.value.attempts, str(caught.value)) == (1, "no; never")


def test_what_may_kill_workers_is_not_attempted_again_and_again():
    with pytest.raises(RetriedError) as caught:
        RetryPolicy(retries=50, sleep=lambda _: None).run(failing(*(died() for _ in range(9))), threading.Event())
    assert caught.value.attempts == MAX_HARMFUL_RETRIES + 1


def test_a_server_that_asks_for_more_than_the_maximum_wait_is_left_alone():
    with pytest.raises(UnreachableError):
        RetryPolicy(maximum_wait=30, sleep=pytest.fail).run(failing(unreachable(31)), threading.Event())


def test_setting_the_stop_event_ends_a_wait():
    stop = threading.Event()
    threading.Timer(0.05, stop.set).start()
    start = time.monotonic()
    with pytest.raises(UnreachableError):
        RetryPolicy(initial_wait=20, maximum_wait=20).run(failing(unreachable(), unreachable()), stop)
    assert time.monotonic() - start < 10


def test_negative_retries_are_refused():
    with pytest.raises(OptionError, match="retries"):
        RetryPolicy(-1)


def test_an_error_without_a_remedy_is_counted_without_one():
    for what_and_remedy in (("no", ""), ("no",)):
        errors = [TransientError(RetriedError(*what_and_remedy)) for _ in range(2)]
        with pytest.raises(RetriedError) as caught:
            RetryPolicy(retries=1, sleep=lambda _: None).run(failing(*errors), threading.Event())
        assert str(caught.value) == "no (tried 2 times)"


def test_waits_without_jitter_are_exact():
    policy = RetryPolicy(initial_wait=1, maximum_wait=30, jitter=0, random=lambda: 0.3)
    assert [policy.wait(attempt) for attempt in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]


def test_without_a_stop_event_it_simply_waits():
    slept = []
    policy = RetryPolicy(retries=1, initial_wait=1, jitter=0, sleep=slept.append)
    assert policy.run(failing(unreachable())) == ("done", 2)
    assert slept == [1]


def test_an_event_that_is_set_already_allows_one_attempt():
    stop = threading.Event()
    stop.set()
    with pytest.raises(UnreachableError) as caught:
        RetryPolicy(sleep=pytest.fail).run(failing(unreachable()), stop)
    assert caught.value.attempts == 1


def test_other_exceptions_and_interrupts_pass_through():
    for error in (ZeroDivisionError(), KeyboardInterrupt()):
        with pytest.raises(type(error)):
            RetryPolicy(sleep=pytest.fail).run(failing(error))


def test_tenacity_is_imported_only_when_something_is_attempted():
    program = "import sys\nfrom corinpaint.lasco import retries\nsys.exit('tenacity' in sys.modules)"
    subprocess.run([sys.executable, "-c", program], check=True)


def test_retry_after_is_a_number_of_seconds_or_a_date():
    assert parse_retry_after(" 120 ") == 120
    soon = parse_retry_after(format_datetime(datetime.now(UTC) + timedelta(hours=1)))
    assert 3500 < soon <= 3600
    assert parse_retry_after("Wed, 21 Oct 2015 07:28:00 GMT") == 0


@pytest.mark.parametrize("text", ["", "soon", "-5", "Wed, 99 Foo 2026"])
def test_an_invalid_retry_after_is_ignored(text):
    assert parse_retry_after(text) is None
