"""Tries and waits, without waiting."""

from __future__ import annotations

import threading
import time

import pytest

from corinpaint.client.errors import ClientError, PassingError, RefusedError, UnreachableError
from corinpaint.client.retry import DEADLY, Patience
from corinpaint.lasco.errors import OptionError


def failing(*errors):
    """Raises the errors one after the other, then succeeds."""
    left = list(errors)

    def attempt():
        if left:
            raise left.pop(0)
        return "done"

    return attempt


def unreachable(after=None):
    return PassingError(UnreachableError("no connection; try again later"), after)


def died():
    return PassingError(RefusedError("worker died; try again later", 500))


def test_waits_double_up_to_the_longest_and_differ_by_chance():
    waits = [Patience(first=1, longest=10, chance=lambda: 1.0).wait(n, None) for n in range(1, 7)]
    assert waits == [1, 2, 4, 8, 10, 10]
    assert Patience(first=1, chance=lambda: 0.0).wait(3, None) == 2
    assert len({Patience().wait(3, None) for _ in range(20)}) > 10


def test_what_passes_is_tried_again():
    slept = []
    patience = Patience(retries=3, first=1, chance=lambda: 1.0, sleep=slept.append)
    assert patience.tried(failing(unreachable(), died(), unreachable(7)), threading.Event()) == ("done", 4)
    assert slept == [1, 2, 7]


def test_the_last_error_tells_how_often_it_was_tried():
    with pytest.raises(UnreachableError) as caught:
        Patience(retries=2, sleep=lambda _: None).tried(failing(*(unreachable() for _ in range(3))), threading.Event())
    assert caught.value.attempts == 3
    assert str(caught.value) == "no connection (tried 3 times); try again later"


def test_a_final_error_is_raised_at_once():
    with pytest.raises(ClientError) as caught:
        Patience(sleep=pytest.fail).tried(failing(ClientError("no; never")), threading.Event())
    assert (caught.value.attempts, str(caught.value)) == (1, "no; never")


def test_a_frame_that_may_kill_workers_is_not_sent_again_and_again():
    with pytest.raises(RefusedError) as caught:
        Patience(retries=50, sleep=lambda _: None).tried(failing(*(died() for _ in range(9))), threading.Event())
    assert caught.value.attempts == DEADLY + 1


def test_an_endpoint_that_asks_for_a_long_rest_is_left_alone():
    with pytest.raises(UnreachableError):
        Patience(longest=30, sleep=pytest.fail).tried(failing(unreachable(31)), threading.Event())


def test_a_client_that_is_closed_does_not_wait():
    stop = threading.Event()
    threading.Timer(0.05, stop.set).start()
    start = time.monotonic()
    with pytest.raises(UnreachableError):
        Patience(first=20, longest=20).tried(failing(unreachable(), unreachable()), stop)
    assert time.monotonic() - start < 10


def test_negative_retries_are_refused():
    with pytest.raises(OptionError, match="retries"):
        Patience(-1)


def test_an_error_without_a_remedy_is_counted_without_one():
    for text in ("no; ", "no"):
        errors = [PassingError(ClientError(text)) for _ in range(2)]
        with pytest.raises(ClientError) as caught:
            Patience(retries=1, sleep=lambda _: None).tried(failing(*errors), threading.Event())
        assert str(caught.value) == "no (tried 2 times)"
