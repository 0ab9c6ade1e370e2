"""Runs of lost telemetry."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.simulation.lost_runs import MAX_SHARE, RUNS, place_runs

SENT = ~blocks.never_sent(centre=True)


@pytest.mark.parametrize("count", RUNS.values())
def test_a_run_is_consecutive_blocks_among_those_that_were_sent(count):
    runs = place_runs(SENT, count, 3, np.random.default_rng(0))
    assert runs
    order = np.cumsum(SENT.ravel()) - 1
    for run in runs:
        assert run.sum() == count
        assert not (run & ~SENT).any()
        assert np.array_equal(np.diff(order[run.ravel()]), np.ones(count - 1))


def test_runs_are_zones_of_their_own_and_leave_most_of_the_frame():
    runs = place_runs(SENT, 32, 9, np.random.default_rng(1))
    assert len(runs) > 2
    together = np.logical_or.reduce(runs)
    assert together.sum() <= MAX_SHARE * SENT.sum()
    for zone in blocks.zones(together):
        assert sum((zone.missing & run).any() for run in runs) == 1


def test_a_frame_that_is_too_small_has_no_run():
    assert place_runs(np.ones((16, 16), dtype=bool), 129, 1, np.random.default_rng(0)) == []
    assert len(place_runs(np.ones((16, 16), dtype=bool), 128, 3, np.random.default_rng(0))) == 1
