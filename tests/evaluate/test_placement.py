"""Where holes of a benchmark lie."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.evaluate import placement
from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set


@pytest.fixture(scope="module")
def complete(make_frame, tmp_path_factory):
    path = tmp_path_factory.mktemp("frame") / "32000001.fts"
    path.write_bytes(make_frame())
    return calibrate_on_detector(read_frame(path), load_calibration_set())


def _place(complete, size, count=6):
    return placement.place(complete, size, count, np.random.default_rng(0))


def _distance_from_middle(hole):
    return np.hypot(*(np.argwhere(hole) - 15.5).T).min()


def test_holes_beside_the_occulter_are_next_to_it_and_those_anywhere_are_not(complete):
    near = _place(complete, "2x2@occulter")
    assert near
    assert max(map(_distance_from_middle, near)) < 5
    assert max(map(_distance_from_middle, _place(complete, "2x2"))) > 6


def test_holes_by_the_pylon_lie_in_its_direction(complete):
    holes = _place(complete, "1@pylon")
    assert len(holes) == 6
    for hole in holes:
        row, column = np.argwhere(hole)[0] - 15.5
        assert abs(np.degrees(np.arctan2(row, column)) % 360 - 225) < 45


def test_blocks_beside_the_occulter_are_mostly_observed_and_blocks_elsewhere_wholly(complete):
    shares = blocks.block_means(complete.observed)
    assert all(shares[hole].min() >= placement.MIN_OBSERVED for hole in _place(complete, "2x2@occulter"))
    assert all(shares[hole].min() == 1 for hole in _place(complete, "2x2"))


def test_a_run_has_its_number_of_blocks_with_observed_pixels(complete):
    (run, *_) = _place(complete, "run128")
    assert run.sum() == 128
    assert blocks.block_means(complete.observed)[run].min() > 0


@pytest.mark.parametrize("size", ["9x9", "run128@pylon", "1@moon", "1@", "run9", "@pylon"])
def test_what_is_no_size_is_refused(size):
    with pytest.raises(OptionError, match="run64"):
        placement.check_size(size)


@pytest.mark.parametrize("size", ["1", "run64", "cluster@occulter"])
def test_what_is_a_size_is_not(size):
    assert placement.check_size(size) == size
