"""Bytes to header and image: every kind of damaged file has its own error, and none is decoded before it is weighed."""

from __future__ import annotations

import tracemalloc

import level05
import numpy as np
import pytest

from corinpaint.lasco import errors
from corinpaint.lasco.decoding import decode
from corinpaint.lasco.frame import read_frame


@pytest.mark.parametrize("name", level05.STRUCTURE)
def test_a_damaged_file_has_its_own_error_that_names_it(name):
    damage, error = level05.STRUCTURE[name]
    with pytest.raises(error, match=r"odd\.fts"):
        read_frame(damage(), name="odd.fts")


def test_there_are_fifty_kinds_of_damage_and_more():
    assert len(level05.ALL) >= 60


def test_a_good_file_gives_header_image_and_label(make_frame):
    header, data, label = decode(make_frame(), "good.fts")
    assert (header["DETECTOR"], data.shape, label) == ("C3", (1024, 1024), "good.fts")
    assert data.dtype.kind == "i"
    assert np.array_equal(data, level05.smooth_counts())


def test_a_declared_hundred_gigabytes_take_no_memory():
    damage, _ = level05.STRUCTURE["100 GB declared"]
    raw = damage()
    tracemalloc.start()
    with pytest.raises(errors.TooLargeError, match="pixels"):
        decode(raw)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20 * 2**20
