"""One stretch for all frames."""

from __future__ import annotations

import numpy as np
import pytest
import sequences

from corinpaint.archive.movies.images import images, sample
from corinpaint.archive.movies.stretching import common_stretch
from corinpaint.lasco.errors import NoFrameError, OptionError


@pytest.fixture
def members(tmp_path):
    return sequences.members(sequences.write(tmp_path))[1]


@pytest.mark.parametrize("kind", ["nrgf", "log", "linear"])
def test_the_same_brightness_is_the_same_value_in_all_frames(members, kind):
    stretch = common_stretch(lambda: sample(members, "original", None, 9), "original", kind)
    first, *_, last = [stretch.of(image) for image in images(members, "original")]
    quiet = np.s_[5:40, 60:90]  # where the blob never is
    assert np.allclose(first.values[quiet], last.values[quiet], atol=0.02, equal_nan=True)
    assert first.limits == last.limits == stretch.limits


def test_differences_are_symmetric_about_zero(members):
    stretch = common_stretch(lambda: sample(members, "running", None, 9), "running")
    assert stretch.kind == "difference"
    assert stretch.limits[0] == -stretch.limits[1] < 0


def test_limits_that_are_given_hold(members):
    chosen = common_stretch(lambda: sample(members, "original", None, 9), "original", "log", (1e-10, 1e-9))
    assert chosen.limits == pytest.approx((-10, -9))
    for limits in ((2.0, 1.0), (0.0, 1.0)):
        with pytest.raises(OptionError, match="give the lower one first"):
            common_stretch(lambda: sample(members, "original", None, 9), "original", "log", limits)


@pytest.mark.parametrize("kind", ["nrgf", "linear"])
def test_nothing_to_show_is_an_error(kind):
    with pytest.raises(NoFrameError, match="no image can be made"):
        common_stretch(list, "original", kind)
