"""Times of frames: the cadence, gaps, and how long each frame is shown."""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import pairwise

import pytest

from corinpaint.archive.movies.cadence import DEFAULT_CADENCE, Pace, in_words, median_cadence

START = datetime(2014, 2, 25)
TIMES = [START + timedelta(minutes=minutes) for minutes in (0, 12, 24, 48, 60, 200, 212)]


def test_the_cadence_is_the_median_time_between_frames():
    assert median_cadence(TIMES) == 720
    assert median_cadence(TIMES[:1]) == DEFAULT_CADENCE


def test_frames_are_shown_until_the_next_one_but_not_through_a_gap():
    pace = Pace(720.0, rate=6.0)
    assert pace.shown(TIMES[1], TIMES[2]) == pytest.approx(1 / 6)
    assert pace.shown(TIMES[2], TIMES[3]) == pytest.approx(2 / 6)
    assert pace.shown(TIMES[4], TIMES[5]) == pytest.approx(1 / 6)
    assert pace.shown(TIMES[6], None) == pytest.approx(1 / 6)
    (gap,) = pace.gaps(TIMES)
    assert (gap.begin, gap.end, gap.seconds) == (TIMES[4], TIMES[5], 140 * 60)
    assert not Pace(720.0, max_gap=12).gaps(TIMES)


def test_by_frames_all_are_shown_for_the_same_time():
    pace = Pace(720.0, rate=10.0, axis="frames")
    assert {pace.shown(*pair) for pair in pairwise(TIMES)} == {0.1}


@pytest.mark.parametrize(
    ("seconds", "words"),
    [(20, "20 s"), (719, "12 min"), (72_720, "20 h 12 min"), (4 * 86400 + 7200, "4 d 2 h"), (3600, "1 h")],
)
def test_lengths_of_time_have_the_two_units_that_count(seconds, words):
    assert in_words(seconds) == words
