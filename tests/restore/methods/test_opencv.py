"""OpenCV's fills: enough levels, and a message where it is not installed."""

from __future__ import annotations

import sys

import numpy as np
import problems
import pytest

from corinpaint.lasco.errors import OptionError
from corinpaint.restore.methods import registry

NAMES = ("telea", "navier-stokes")


@pytest.mark.parametrize("name", NAMES)
def test_without_opencv_the_extra_is_named(name, monkeypatch):
    monkeypatch.setitem(sys.modules, "cv2", None)
    with pytest.raises(OptionError, match=rf"{name}.*corinpaint\[opencv\]"):
        registry.METHODS[name]()


@pytest.mark.parametrize("name", NAMES)
def test_no_precision_is_lost_to_few_levels(name):
    """A star a thousand times brighter than the corona, beyond the neighbourhood: 8 bit would have nothing left."""
    pytest.importorskip("cv2")
    made, truth = problems.problem(problems.power, ((20, 20),))
    made.image[621, 650] = 1000 * problems.UNIT
    assert problems.worst(registry.METHODS[name]()(made), truth, made) < 1e-3


@pytest.mark.parametrize("name", NAMES)
def test_a_constant_field_stays_constant(name):
    pytest.importorskip("cv2")
    made, truth = problems.problem(lambda rows, columns: 1 + 0 * rows * columns, ((20, 20), (20, 21)))
    assert problems.worst(registry.METHODS[name]()(made), truth, made) < 1e-5


@pytest.mark.parametrize("name", NAMES)
def test_values_stay_between_those_around(name):
    pytest.importorskip("cv2")
    made, _ = problems.problem(problems.grating(0), ((20, 20),))
    found = registry.METHODS[name]()(made)[made.hole] / problems.UNIT
    assert 1.5 < np.min(found) < np.max(found) < 4.5
