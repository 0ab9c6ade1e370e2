"""Labels of sheets of pictures."""

from __future__ import annotations

import numpy as np

from corinpaint.train.reports.sheet import STRIP, Labels, labelled


def test_every_row_has_a_strip_with_text_above_it_and_its_pictures_are_unchanged():
    sheet = np.full((2 * 40, 3 * 100), 77, np.uint8)
    sheet[40:] = 99
    made = labelled(sheet, Labels(("truth", "input", "fill"), ("one", "two")))
    assert made.shape == (2 * (40 + STRIP), 300)
    first, second = made[: 40 + STRIP], made[40 + STRIP :]
    assert (first[STRIP:] == 77).all()
    assert (second[STRIP:] == 99).all()
    for place in range(3):
        assert first[:STRIP, place * 100 : place * 100 + 100].max() > 200
    assert not np.array_equal(first[:STRIP], second[:STRIP])


def test_text_that_is_too_long_does_not_run_into_the_next_picture():
    made = labelled(np.zeros((20, 200), np.uint8), Labels(("truth", ""), ("a very long name of a frame of a far day",)))
    assert not made[:STRIP, 100:].any()
