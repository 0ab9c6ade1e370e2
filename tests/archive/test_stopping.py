"""Stopping a run by signals."""

from __future__ import annotations

import os
import signal
import threading

import pytest

from corinpaint.archive.stopping import ended_by_sigterm, stopped_by_signals


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_the_first_signal_asks_to_stop_and_the_second_insists(number, status):
    with stopped_by_signals() as stop:
        assert not stop.is_set()
        assert stop.exit_status == 0
        os.kill(os.getpid(), number)
        assert stop.wait(10)
        assert stop.exit_status == status
        with pytest.raises(KeyboardInterrupt):
            os.kill(os.getpid(), number)


def test_handlers_are_put_back():
    before = signal.getsignal(signal.SIGTERM)
    with stopped_by_signals():
        assert signal.getsignal(signal.SIGTERM) is not before
    assert signal.getsignal(signal.SIGTERM) is before


def test_in_another_thread_signals_are_left_alone():
    before, found = signal.getsignal(signal.SIGTERM), []

    def enter() -> None:
        with stopped_by_signals() as stop:
            found.append((signal.getsignal(signal.SIGTERM), stop.is_set()))

    thread = threading.Thread(target=enter)
    thread.start()
    thread.join()
    assert found == [(before, False)]


def test_sigterm_ends_the_program_as_an_exception():
    before = signal.getsignal(signal.SIGTERM)
    with pytest.raises(SystemExit) as raised, ended_by_sigterm():
        os.kill(os.getpid(), signal.SIGTERM)
    assert raised.value.code == 143
    assert signal.getsignal(signal.SIGTERM) is before
