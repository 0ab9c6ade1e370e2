"""Which kinds of frames may serve which."""

from __future__ import annotations

import pytest

from corinpaint.restore.neighbours.kinds import Rank, rank, unlike

FULL, SUMMED = (1024, 1024), (512, 512)
C2 = ("C2", "ORANGE", "CLEAR", FULL, None)


@pytest.mark.parametrize(
    ("other", "found"),
    [
        (C2, Rank.SAME),
        (("C2", "ORANGE", "0DEG", FULL, None), Rank.OTHER_POSITION),
        (("C2", "BLUE", "CLEAR", FULL, None), Rank.OTHER_POSITION),
        (("C3", "CLEAR", "CLEAR", FULL, None), Rank.OTHER_TELESCOPE),
        (("C3", "CLEAR", "CLEAR", SUMMED, None), Rank.OTHER_TELESCOPE),
        (("C2", "ORANGE", "0DEG", SUMMED, None), None),
        (("C2", "ORANGE", "PB", FULL, None), None),
    ],
)
def test_what_serves_a_c2_frame(other, found):
    assert rank(C2, other) is found


def test_c2_does_not_serve_c3_and_products_serve_each_other():
    assert rank(("C3", "CLEAR", "CLEAR", FULL, None), C2) is None
    product = ("C2", "ORANGE", "PB", FULL, None)
    assert rank(product, product) is Rank.SAME
    assert rank(product, C2) is None


def test_what_stands_against_it_is_named():
    assert unlike(C2, ("C2", "BLUE", "0DEG", SUMMED, None)) == ("size", FULL, SUMMED)
    assert unlike(C2, ("C2", "ORANGE", "PB", FULL, None)) == ("POLAR", "CLEAR", "PB")
    assert unlike(("C3", "CLEAR", "CLEAR", FULL, None), C2)[0] == "DETECTOR"
