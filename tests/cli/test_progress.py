"""Progress of work that takes minutes."""

from __future__ import annotations

from corinpaint.cli.progress import Progress


class Clock:
    now = 0.0

    def __call__(self):
        return self.now


def _progress():
    clock, lines = Clock(), []
    return clock, lines, Progress("benchmark", terminal=False, clock=clock, say=lines.append)


def test_off_a_terminal_there_is_a_line_a_minute():
    clock, lines, progress = _progress()
    for step in range(1, 101):
        clock.now += 2
        progress("holes", step, 100)
    assert len(lines) == 3
    assert lines[1] == "benchmark, holes: 60 of 100 after 2 min, about 80 s left"


def test_the_parts_are_timed_one_by_one():
    clock, lines, progress = _progress()
    clock.now = 1000.0
    progress("holes", 1, 1)
    progress("stars", 0, 4)
    clock.now = 1080.0
    progress("stars", 2, 4)
    assert lines[-1] == "benchmark, stars: 2 of 4 after 80 s, about 80 s left"


def test_short_work_says_nothing():
    _, lines, progress = _progress()
    progress("holes", 1, 2)
    progress.close()
    assert lines == []


def test_on_a_terminal_there_is_a_bar(capsys):
    progress = Progress("benchmark", terminal=True)
    progress("holes", 1, 4)
    assert progress.bar.n == 1
    progress("stars", 3, 4)
    assert progress.bar.n == 3
    progress.close()
    assert "benchmark, holes" in capsys.readouterr().err
