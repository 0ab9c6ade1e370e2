"""The frames of the demonstrations, and their fills against the truth."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.evaluate import demonstration
from corinpaint.lasco.level1.product import read_level1
from corinpaint.restore.pipeline import restore


@pytest.mark.slow
def test_fills_are_compared_with_the_truth_of_the_simulation(tmp_path):
    simulated = demonstration.simulations()
    assert [int(one.missing.sum()) for one in simulated] == [0, 3, int(demonstration.missing_blocks().sum())]
    frames = demonstration.write(simulated, tmp_path)
    assert [frame.name for frame in frames] == ["32000020.fts", "32000021.fts", "32000022.fts"]
    product = read_level1(restore(frames[-1], fill="radial").level1.write(tmp_path))
    found = demonstration.compare(simulated[-1], product, "radial")
    assert [score.name for score in found.scores] == ["radial", "harmonic fill"]
    assert found.pixels > 15_000
    assert all(0.9 < score.error < 3 for score in found.scores)
    assert found.lines()[0].startswith(f"{found.pixels} pixels in holes")
    better = demonstration.compare(simulated[-1], product_of_the_truth(simulated[-1], product))
    assert better.scores[0].error < 0.1


def product_of_the_truth(simulation, product):
    from dataclasses import replace

    complete = restore(replace(simulation.frame, data=simulation.complete), fill="none").level1
    return replace(product, data=np.asarray(complete.data, float))
