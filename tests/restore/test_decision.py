"""Which zones are filled and which are refused."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.level05 import blocks
from corinpaint.restore import decision

EVERYWHERE = np.ones((1024, 1024), dtype=bool)


def _square(row: int, column: int, rows: int, columns: int) -> np.ndarray:
    grid = np.zeros((32, 32), dtype=bool)
    grid[row : row + rows, column : column + columns] = True
    return grid


def _fate(missing: np.ndarray, field: np.ndarray = EVERYWHERE) -> list[str]:
    return [v.refused for v in decision.decide(missing, field, field & ~blocks.to_pixels(missing))]


def test_a_zone_of_16_blocks_is_filled_and_one_of_17_is_refused():
    assert _fate(_square(10, 10, 4, 4)) == [""]
    seventeen = _square(10, 10, 4, 4) | _square(14, 10, 1, 1)
    assert "17 missing blocks" in _fate(seventeen)[0]


def test_only_the_offending_zone_is_refused():
    fates = _fate(_square(4, 4, 1, 1) | _square(20, 10, 5, 5))
    assert fates[0] == ""
    assert "25 missing blocks" in fates[1]


def test_a_missing_block_at_the_edge_of_the_frame_is_refused():
    assert "edge" in _fate(_square(0, 12, 1, 1))[0]
    assert "edge" in _fate(_square(12, 31, 1, 1))[0]
    assert _fate(_square(1, 12, 1, 1)) == [""]


def test_a_zone_with_more_missing_than_good_pixels_is_refused():
    field = blocks.to_pixels(_square(10, 10, 2, 3))
    assert "outnumber" in _fate(_square(10, 10, 2, 2), field)[0]
    assert _fate(_square(10, 10, 2, 1), field) == [""]


def test_a_complete_frame_has_no_zone():
    assert _fate(_square(0, 0, 0, 0)) == []


def test_blocks_are_counted_once_by_what_became_of_them():
    missing = np.zeros((32, 32), dtype=bool)
    missing[20, 20] = missing[8, 8] = missing[16, 16] = True
    in_field = missing.copy()
    in_field[16, 16] = False
    first, second = decision.decide(in_field, np.ones((1024, 1024), bool), ~blocks.to_pixels(in_field))
    found = decision.counts(missing, [first.refuse("too large an error"), second])
    assert (found.missing, found.filled, found.refused, found.occulted) == (3, 1, 1, 1)


def test_a_record_is_shown_in_one_line():
    missing = np.zeros((32, 32), dtype=bool)
    missing[20, 20] = True
    (record,) = decision.decide(missing, np.ones((1024, 1024), bool), ~blocks.to_pixels(missing))
    assert repr(record) == "<ZoneRecord 1: 1 missing blocks, open>"
    assert "refused: odd" in repr(record.refuse("odd"))


def test_the_policy_predicted_refuses_no_zone_for_its_size_or_place():
    missing = _square(0, 0, 10, 32) | _square(20, 10, 1, 1)
    observed = EVERYWHERE & ~blocks.to_pixels(missing)
    assert [v.refused for v in decision.decide(missing, EVERYWHERE, observed, "predicted")] == ["", ""]


def test_the_policy_predicted_refuses_all_when_more_than_half_of_the_frame_is_missing():
    missing = _square(0, 0, 16, 32) | _square(20, 10, 1, 1)
    observed = EVERYWHERE & ~blocks.to_pixels(missing)
    fates = [v.refused for v in decision.decide(missing, EVERYWHERE, observed, "predicted")]
    assert fates == ["525312 missing pixels of the frame outnumber 523264 good ones"] * 2


@pytest.mark.parametrize(
    ("objection", "kind"),
    [
        ("525312 missing pixels of the frame outnumber 9 good ones", "missing pixels of the frame outnumber good ones"),
        ("a predicted error of 1.63 x noise, more than 1.5", "a predicted error of more than 1.5 x noise"),
        ("17 missing blocks, more than 16", "more than 16 missing blocks"),
        ("1100 missing pixels outnumber 980 good ones", "missing pixels outnumber good ones"),
        ("filling 4 blocks by network has an error of 1.23 x noise, more than 1", "an error of more than 1 x noise"),
        ("the error of filling 4 blocks by telea was not measured", "an error that was not measured"),
        ("touches the edge of the frame", "touches the edge of the frame"),
    ],
)
def test_objections_are_counted_without_the_numbers_of_their_zone(objection, kind):
    assert decision.kind_of_objection(objection) == kind
