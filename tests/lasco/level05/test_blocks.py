"""Telemetry blocks: missing and never-sent ones, zones and MISSLIST."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from corinpaint.lasco.errors import BadKeywordError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.readout import Summing


def _at(*places: tuple[int, int]) -> np.ndarray:
    grid = np.zeros((32, 32), dtype=bool)
    for row, column in places:
        grid[row, column] = True
    return grid


def test_c3_never_sends_its_99_corner_blocks():
    assert blocks.never_sent().sum() == 99
    assert blocks.never_sent(centre=True).sum() == 106
    assert blocks.never_sent()[0, 0]
    assert not blocks.never_sent()[16, 16]


@pytest.mark.parametrize(
    "text", ["Not computed for summed images.", "More than 17 missing blocks", " not computed for summed images "]
)
def test_what_solarsoft_writes_in_place_of_a_list_is_read_as_unknown(text):
    assert blocks.parse_misslist(text) is None


def test_the_list_of_a_summed_frame_is_not_computed_as_solarsoft_says():
    missing = np.zeros((16, 16), dtype=bool)
    assert blocks.format_misslist(missing) == "None"
    missing[3, 4] = True
    assert blocks.parse_misslist(blocks.format_misslist(missing)) is None


@pytest.mark.parametrize("shape", [(1024, 1024), (512, 256), (32, 32)])
def test_the_share_of_flags_in_each_block_is_their_mean(shape):
    flags = np.random.default_rng(0).random(shape) < 0.3
    assert np.array_equal(blocks.block_means(flags), blocks.block_means(flags.astype(np.float64)))


def test_blocks_expand_to_their_pixels():
    pixels = blocks.to_pixels(_at((3, 5)))
    assert pixels.sum() == 1024
    assert pixels[96:128, 160:192].all()


def test_blocks_of_a_summed_frame_have_as_many_pixels_of_it():
    assert blocks.grid_shape((512, 256)) == (16, 8)
    assert blocks.to_pixels(blocks.no_blocks((512, 256))).shape == (512, 256)


@pytest.mark.parametrize(
    ("detector", "sums", "shape", "count"),
    [
        ("C3", Summing(leb_x=2, leb_y=2), (16, 16), 17),
        ("C3", Summing(chip_x=2, leb_x=2, chip_y=4), (8, 8), 1),
        ("C2", Summing(chip_x=2, chip_y=2), (16, 16), 12),
        ("C2", Summing(leb_x=4, leb_y=4), (8, 8), 0),
        ("C3", Summing(leb_x=32, leb_y=32), (1, 1), 0),
        ("C3", Summing(leb_x=2), (32, 16), 34),
    ],
)
def test_never_sent_blocks_of_summed_frames_lie_under_those_of_the_unsummed_one(detector, sums, shape, count):
    never = blocks.never_sent(detector, sums)
    assert never.shape == shape
    assert never.sum() == count


def test_missing_blocks_whose_neighbours_overlap_form_one_zone():
    assert len(blocks.zones(_at((5, 5), (5, 7)))) == 1
    assert len(blocks.zones(_at((5, 5), (5, 6)))) == 1
    assert len(blocks.zones(_at((5, 5), (5, 8)))) == 2
    assert len(blocks.zones(_at((5, 5), (7, 7)))) == 1
    assert len(blocks.zones(_at((5, 5), (5, 7), (5, 9)))) == 1
    assert blocks.zones(_at()) == []


def test_a_zone_contains_its_missing_blocks_and_their_neighbours():
    (zone,) = blocks.zones(_at((5, 5), (6, 6)))
    assert zone.missing.sum() == 2
    assert zone.area.sum() == 14
    assert not zone.touches_edge
    assert blocks.zones(_at((0, 9)))[0].touches_edge


def test_no_missing_block_is_written_as_none():
    assert blocks.format_misslist(_at()) == "None"
    assert not blocks.parse_misslist("None").any()


def test_misslist_numbers_count_on_the_map_rotated_by_90_degrees():
    # IDL rotate(map, 1) takes (column i, row j) to (31 - j, i): the number is i * 32 + 31 - j.
    assert blocks.format_misslist(_at((0, 0))) == "0V0V"
    assert blocks.format_misslist(_at((31, 0))) == "0000"
    assert blocks.format_misslist(_at((0, 1))) == "1V1V"


def test_a_run_is_written_as_its_first_number_and_the_number_after_its_last_except_for_the_last_run():
    column = _at((10, 3), (11, 3), (12, 3))
    assert blocks.format_misslist(column) == "3J3L"
    assert blocks.format_misslist(column | _at((12, 5))) == "3J3M5J5J"


def test_lists_of_version_0_1_0_are_read():
    assert np.array_equal(blocks.parse_misslist("3J 3L 5J 5J"), _at((10, 3), (11, 3), (12, 3), (12, 5)))


@settings(max_examples=100, deadline=None)
@given(arrays(bool, (32, 32), elements=st.booleans()))
def test_parsing_a_misslist_gives_the_same_map(grid):
    assert np.array_equal(blocks.parse_misslist(blocks.format_misslist(grid)), grid)


@pytest.mark.parametrize("text", ["", "00", "00 0", "00 0W", "00 01 02", "0a 0b", "000", "000102", "0W00", "0500"])
def test_a_damaged_misslist_is_refused(text):
    with pytest.raises(BadKeywordError, match="MISSLIST"):
        blocks.parse_misslist(text)
