"""Progress of a run."""

from __future__ import annotations

import pytest
from clock import Clock

from corinpaint.archive.progress import Progress


@pytest.fixture
def clock():
    return Clock()


def test_off_a_terminal_a_line_a_minute_has_rate_and_remaining_time(clock):
    said: list[str] = []
    progress = Progress(600, "restore", said.append, clock, terminal=False)
    for _ in range(240):
        clock.now += 0.5
        progress.advance()
    assert said == [
        "restore: 120 of 600 frames, 2.00 frames/s, 4:00 min remaining",
        "restore: 240 of 600 frames, 2.00 frames/s, 3:00 min remaining",
    ]
    assert progress.seconds == 120.0
    progress.close()


def test_frames_without_work_say_nothing_of_the_remaining_time(clock):
    progress = Progress(100, "restore", lambda _: None, clock, terminal=False)
    for _ in range(50):
        progress.advance(worked=False)
    clock.now += 10
    progress.advance()
    assert progress.line() == "restore: 51 of 100 frames, 0.10 frames/s, 8:10 min remaining"


def test_before_the_first_frame_no_time_is_guessed(clock):
    assert Progress(9, "restore", print, clock, terminal=False).line() == "restore: 0 of 9 frames, 0.00 frames/s"


def test_on_a_terminal_there_is_a_bar_and_no_lines(clock, capsys):
    progress = Progress(2, "restore", lambda line: pytest.fail(line), clock, terminal=True)
    clock.now += 100
    progress.advance()
    assert progress.bar.n == 1
    progress.close()
    assert "restore" in capsys.readouterr().err


def test_one_frame_has_no_bar(clock):
    assert Progress(1, "restore", print, clock, terminal=True).bar is None
