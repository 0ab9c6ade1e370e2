"""Ignoring warnings, in one thread and in several."""

from __future__ import annotations

import threading
import warnings
from concurrent.futures import ThreadPoolExecutor

import pytest

from corinpaint.lasco.astropy_warnings import ignore_warnings
from corinpaint.lasco.level05.frame import read_frame


class OurWarning(UserWarning):
    pass


def test_only_the_given_categories_are_ignored():
    with ignore_warnings(OurWarning):
        warnings.warn("nobody hears", OurWarning, stacklevel=1)
        with pytest.raises(RuntimeWarning):  # warnings are errors in here
            warnings.warn("heard", RuntimeWarning, stacklevel=1)
    with pytest.raises(OurWarning):
        warnings.warn("heard again", OurWarning, stacklevel=1)


def test_overlapping_threads_restore_the_warning_filters():
    before = list(warnings.filters)
    inside = threading.Barrier(2, timeout=0.2)

    def overlap():
        with ignore_warnings(OurWarning):
            try:
                inside.wait()
            except threading.BrokenBarrierError:
                return False
            return True

    with ThreadPoolExecutor(2) as pool:
        met = [one.result() for one in [pool.submit(overlap) for _ in range(2)]]
    assert met == [False, False], "two threads had the filters aside at the same time"
    assert list(warnings.filters) == before


def test_reading_frames_in_many_threads_restores_the_warning_filters(make_frame):
    before = list(warnings.filters)
    frames = [make_frame(EXPTIME=float(number + 1)) for number in range(8)]
    with ThreadPoolExecutor(8) as pool:
        read = list(pool.map(read_frame, frames * 4))
    assert [frame.exptime for frame in read] == [float(number + 1) for number in range(8)] * 4
    assert list(warnings.filters) == before
