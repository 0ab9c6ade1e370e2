"""Colours of images and of flags."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import PathPatch

from corinpaint.lasco.level1.flags import Flag
from corinpaint.lasco.pictures import panels
from corinpaint.lasco.pictures.colour_tables import colour_table
from corinpaint.lasco.pictures.layout import Layout
from corinpaint.lasco.pictures.palette import HIDDEN, PALETTES, UNSENT
from corinpaint.lasco.pictures.stretch import scale
from corinpaint.lasco.pictures.zones import Zone

PALETTE = PALETTES["C2"]
TABLE = colour_table("C2")


@pytest.fixture
def mask():
    found = np.zeros((8, 8), np.uint8)
    found[0, 0], found[0, 1], found[0, 2] = Flag.OCCULTED, Flag.NEVER_SENT, Flag.OCCULTED | Flag.NEVER_SENT
    found[2, 2], found[3, 3], found[4, 4] = Flag.FILLED, Flag.REFUSED, Flag.SATURATED
    found[5, 5] = Flag.USER | Flag.FILLED
    return found


@pytest.fixture
def image(mask):
    data = np.arange(64, dtype=float).reshape(8, 8)
    data[0, :3] = data[3, 3] = np.nan
    return panels.coloured(scale(data, None, "linear", (0.0, 63.0)), TABLE, mask)


@pytest.fixture
def axes():
    layout = Layout((False,))
    return layout.panel(layout.figure(), 0)


def test_brightness_has_the_colours_of_the_table_with_row_zero_first(image):
    assert image.shape == (8, 8, 4)
    assert tuple(image[7, 7]) == TABLE(255, bytes=True)
    assert tuple(image[1, 0]) == TABLE(32, bytes=True)


def test_what_has_no_value_is_neutral_and_what_was_refused_is_black(image):
    assert np.array_equal(image[0, 0], panels.rgba(HIDDEN))
    assert np.array_equal(image[0, 1], panels.rgba(UNSENT))
    assert np.array_equal(image[0, 2], panels.rgba(HIDDEN))
    assert np.array_equal(image[3, 3], panels.rgba("#000000"))


def test_before_the_fill_every_flag_has_its_colour_and_nothing_else_changes(image, mask):
    received = panels.before(image, mask, PALETTE)
    assert np.array_equal(received[2, 2], panels.rgba(PALETTE.filled))
    assert np.array_equal(received[4, 4], panels.rgba(PALETTE.saturated))
    assert np.array_equal(received[5, 5], panels.rgba(PALETTE.user))
    same = ~np.isin(mask, (Flag.FILLED, Flag.SATURATED, Flag.USER | Flag.FILLED))
    assert np.array_equal(received[same], image[same])


def test_outlines_follow_the_flags_and_refused_ones_have_a_hatch(axes, mask):
    panels.draw_outlines(axes, mask, PALETTE)
    filled, user, refused = (patch for patch in axes.patches if isinstance(patch, PathPatch))
    assert filled.get_path().get_extents().extents.tolist() == [1.5, 1.5, 2.5, 2.5]
    assert user.get_path().get_extents().extents.tolist() == [4.5, 4.5, 5.5, 5.5]
    assert refused.get_path().get_extents().extents.tolist() == [2.5, 2.5, 3.5, 3.5]
    assert refused.get_hatch() == panels.HATCH
    assert filled.get_hatch() is None


def test_nothing_hidden_is_outlined(axes):
    panels.draw_outlines(axes, np.full((8, 8), Flag.FILLED | Flag.OCCULTED, np.uint8), PALETTE)
    assert not axes.patches


def test_the_legend_has_the_meaning_and_the_number_of_every_flag_that_occurs(mask):
    entries = panels.legend(mask, PALETTE)
    assert entries[0].get_label() == f"{Flag.FILLED.meaning}: 2 px"
    assert len(entries) == len(Flag)
    assert panels.legend(np.zeros((4, 4), np.uint8), PALETTE) == []


def test_images_are_drawn_on_their_pixels(axes, image):
    panels.draw(axes, image)
    assert axes.get_xlim() == (-0.5, 7.5)
    assert axes.get_ylim() == (-0.5, 7.5)


def test_zones_are_numbered_where_they_have_a_number(axes):
    where = np.eye(8, dtype=bool)
    panels.draw_numbers(axes, [Zone(3, where), Zone(0, where)], PALETTE)
    assert [text.get_text() for text in axes.texts] == ["3"]
