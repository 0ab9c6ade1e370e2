"""Missing blocks over time, as a figure and as a table."""

from __future__ import annotations

from itertools import pairwise

import pytest

from corinpaint.archive.reporting.entries import Entry
from corinpaint.archive.reporting.timeline import MAX_BINS, bins, figure


@pytest.mark.parametrize("count", [1, 30, 1000])
def test_every_dated_frame_is_in_one_bin(make_entries, count):
    found = bins(make_entries(count))
    assert sum(one.frames for one in found) == count
    assert len(found) <= MAX_BINS
    assert sum(one.missing for one in found) == sum(index % 7 for index in range(count))
    assert all(one.end == two.start for one, two in pairwise(found))


def test_frames_without_a_date_that_can_be_are_left_out():
    assert bins([Entry("a"), Entry("b", date="nonsense"), Entry("c", date="9999-12-31T00:00:00")]) == []
    assert "No frame has a date" in figure([])


def test_the_figure_has_a_text_alternative(make_entries):
    made = figure(bins(make_entries(50)))
    assert 'role="img"' in made
    assert "missing blocks in 50 frames" in made
    assert "<caption>" in made
    assert 'data-from="2002-01-01"' in made
