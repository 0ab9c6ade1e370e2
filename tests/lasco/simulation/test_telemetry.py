"""Random losses of telemetry blocks."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.simulation.telemetry import missing_pattern, missing_run


@pytest.mark.parametrize("count", [0, 1, 5, 7, 40, 64, 925])
def test_a_pattern_has_the_requested_number_of_blocks_and_no_never_sent_block(count):
    missing = missing_pattern(np.random.default_rng(count), count)
    assert missing.sum() == count
    assert not (missing & blocks.never_sent()).any()


def test_patterns_contain_single_blocks_runs_and_clusters_up_to_eight_by_eight():
    patterns = [missing_pattern(np.random.default_rng(seed)) for seed in range(300)]
    sizes = np.array([pattern.sum() for pattern in patterns])
    assert sizes.min() >= 2
    assert np.mean(sizes <= 12) > 0.6
    assert sizes.max() > 30
    shapes = set()
    for pattern in patterns:
        for zone in blocks.zones(pattern):
            rows, columns = np.nonzero(zone.missing)
            shapes.add((int(np.ptp(rows)) + 1, int(np.ptp(columns)) + 1))
    assert {(1, 1), (2, 2), (3, 3)} <= shapes
    assert any(height == 1 and width >= 4 for height, width in shapes)
    assert any(width == 1 and height >= 4 for height, width in shapes)


def test_the_same_generator_gives_the_same_pattern():
    assert np.array_equal(missing_pattern(np.random.default_rng(3)), missing_pattern(np.random.default_rng(3)))


@pytest.mark.parametrize("count", [-1, 2000])
def test_more_missing_blocks_than_are_sent_are_refused(count):
    with pytest.raises(ValueError, match="that C3 sends"):
        missing_pattern(np.random.default_rng(0), count)


@pytest.mark.parametrize("count", [1, 16, 64, 128, 460])
def test_a_run_is_of_consecutive_blocks_among_those_that_are_sent(count):
    sent = np.flatnonzero(~blocks.never_sent())
    lost = np.flatnonzero(missing_run(np.random.default_rng(count), count))
    places = np.searchsorted(sent, lost)
    assert np.array_equal(sent[places], lost)
    assert np.array_equal(places, np.arange(places[0], places[0] + count))


@pytest.mark.parametrize("count", [0, 500])
def test_runs_of_no_block_or_of_more_than_half_of_the_frame_are_refused(count):
    with pytest.raises(ValueError, match="half of the"):
        missing_run(np.random.default_rng(0), count)
