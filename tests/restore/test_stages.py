"""The clock of a restoration."""

from __future__ import annotations

from itertools import pairwise

import pytest

from corinpaint.lasco.level05.frame import read_frame
from corinpaint.restore import stages
from corinpaint.restore.pipeline import restore


def test_every_stage_gets_the_time_since_the_one_before_it(monkeypatch):
    ticks = iter([10.0, 11.0, 14.0, 14.5])
    monkeypatch.setattr(stages.time, "perf_counter", lambda: next(ticks))
    clock = stages.Stages(_since=next(ticks))
    for name in ("calibrate", "fill", "calibrate"):
        clock.ended(name)
    assert clock.seconds == pytest.approx({"calibrate": 1.5, "fill": 3.0})


def test_a_restoration_tells_its_stages(make_frame, echo):
    restored = restore(read_frame(make_frame(missing=((20, 20),))), inpainter=echo)
    assert list(restored.seconds) == ["calibrate", "fill", "finish"]
    assert all(second > 0 for second in restored.seconds.values())
    assert all(first != second for first, second in pairwise(restored.seconds.values()))
