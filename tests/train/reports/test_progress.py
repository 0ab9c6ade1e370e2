"""Progress of a run."""

from __future__ import annotations

import pytest

from corinpaint.train.reports.progress import Limits, RunProgress

LOSSES = {"total": 0.5, "pixel": 0.25}


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def test_the_share_is_that_of_the_limit_that_ends_the_run_first():
    limits = Limits(steps=1000, minutes=10)
    assert limits.share(100, 300) == 0.5
    assert limits.share(900, 300) == 0.9
    assert limits.share(2000, 0) == limits.share(0, 6000) == 1
    assert Limits(steps=1000).share(100, 1e9) == 0.1


def test_off_a_terminal_a_line_a_minute_says_how_long_the_run_will_take():
    clock, lines = Clock(), []
    shown = RunProgress(Limits(10**6, 10), 0, 0.0, lines.append, terminal=False, clock=clock)
    due = []
    for step in range(1, 7):
        clock.now += 30
        due.append(shown.update(step, clock.now, LOSSES))
    assert due == [False, True] * 3
    assert lines[1] == "20.0 %, step 4, 2.0 min, about 8 min left: total 0.5000, pixel 0.2500"


def test_a_resumed_run_goes_on_where_it_was():
    clock, lines = Clock(), []
    shown = RunProgress(Limits(10**6, 10), 50, 300.0, lines.append, terminal=False, clock=clock)
    clock.now = 60
    shown.update(60, 360.0, LOSSES)
    assert lines[0].startswith("60.0 %, step 60, 6.0 min, about 4 min left")


def test_on_a_terminal_the_bar_shows_the_share_and_minutes_are_still_recorded(capsys):
    clock, lines = Clock(), []
    shown = RunProgress(Limits(100, 10), 0, 0.0, lines.append, terminal=True, clock=clock)
    clock.now = 60
    assert shown.update(5, 300.0, LOSSES)
    assert shown.bar.n == pytest.approx(0.5)
    shown.close()
    assert lines == []
    assert "50.0%" in capsys.readouterr().err
