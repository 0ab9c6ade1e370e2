"""Paths are str or os.PathLike; other types are refused with the remedy."""

from __future__ import annotations

import numpy as np
import pytest

import corinpaint
from corinpaint.lasco.files import as_path
from corinpaint.lasco.level1.product import read_level1
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore.engines import loading


def test_a_path_may_be_text_or_a_path(tmp_path):
    assert as_path(str(tmp_path), "folder") == as_path(tmp_path, "folder") == tmp_path


@pytest.mark.parametrize("value", [None, 3, b"x", np.zeros(2), ["a"]])
def test_an_argument_that_is_not_a_path_is_named(value):
    with pytest.raises(TypeError, match=r"folder must be a path \(str or os.PathLike\), not"):
        as_path(value, "folder")


@pytest.mark.parametrize("value", [None, 3, np.zeros((1024, 1024)), object()])
def test_a_frame_is_read_from_a_path_or_bytes_alone(value):
    with pytest.raises(TypeError, match="must be a path"):
        corinpaint.read_frame(value)


@pytest.mark.parametrize(
    ("function", "value"),
    [
        (corinpaint.calibrate, "32082037.fts"),
        *(
            (function, value)
            for function in (corinpaint.calibrate, corinpaint.restore)
            for value in (None, np.zeros(9))
        ),
    ],
)
def test_an_argument_that_is_not_a_frame_is_refused_with_the_remedy(function, value):
    with pytest.raises(TypeError, match=r"frame must be a Frame, as corinpaint\.read_frame gives it"):
        function(value)


def test_context_that_is_not_a_frame_is_refused(make_frame):
    with pytest.raises(TypeError, match="must be a Frame"):
        corinpaint.restore(corinpaint.read_frame(make_frame()), context=["earlier.fts"])


@pytest.mark.parametrize("function", [load_calibration_set, loading.load, read_level1])
def test_every_reader_refuses_a_number_instead_of_a_path(function):
    with pytest.raises(TypeError, match="must be a path"):
        function(3)


def test_records_have_a_short_repr(make_frame, echo):
    frame = corinpaint.read_frame(make_frame(missing=((20, 20), (31, 16))))
    restored = corinpaint.restore(frame, inpainter=echo)
    assert repr(frame).startswith("<Frame 32082037: C3 CLEAR/CLEAR, 2002-01-08T02:18:05")
    assert "2 missing blocks: 1 filled, 1 refused, 0 occulted" in repr(restored)
    assert "NFILLED" not in repr(restored.level1)
    for record in (frame, restored, restored.level1, *restored.zones, restored.zones[0].zone):
        lines = repr(record).splitlines()
        assert len(lines) <= 4
        assert all(len(line) < 200 for line in lines)
