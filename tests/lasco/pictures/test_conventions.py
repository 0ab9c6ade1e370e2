"""Limb, rings, position angles and north."""

from __future__ import annotations

import numpy as np
import pytest
from matplotlib.patches import Ellipse

from corinpaint.lasco.pictures.conventions import annotate, ring_distances
from corinpaint.lasco.pictures.coordinates import SolarCoordinates
from corinpaint.lasco.pictures.layout import Layout


@pytest.fixture
def axes():
    layout = Layout((False,))
    found = layout.panel(layout.figure(), 0)
    found.set_xlim(-0.5, 1023.5)
    found.set_ylim(-0.5, 1023.5)
    return found


def sun(radius, roll=0.0):
    return SolarCoordinates(512.0, 500.0, radius, roll)


def test_the_limb_and_the_rings_are_drawn_to_scale(axes):
    annotate(axes, sun((82.0, 82.0)), "#FFFFFF")
    ellipses = [patch for patch in axes.patches if isinstance(patch, Ellipse)]
    assert [ellipse.width / 164 for ellipse in ellipses] == pytest.approx([1, 2, 3, 4, 5, 6])
    assert {ellipse.center for ellipse in ellipses} == {(512.0, 500.0)}


@pytest.mark.parametrize(("radius", "rings"), [(17.5, [5, 10, 15, 20, 25]), (82.0, [2, 3, 4, 5, 6]), (2000.0, [])])
def test_rings_have_round_numbers_and_fit_into_the_image(axes, radius, rings):
    assert ring_distances(axes, sun((radius, radius))) == rings


def test_pixels_of_two_scales_give_ellipses(axes):
    annotate(axes, sun((82.0, 41.0)), "#FFFFFF")
    (limb, *_) = [patch for patch in axes.patches if isinstance(patch, Ellipse)]
    assert (limb.width, limb.height) == (164.0, 82.0)


@pytest.mark.parametrize("roll", [0.0, 40.0, 180.0])
def test_position_angles_are_written_where_they_are(axes, roll):
    annotate(axes, sun((17.5, 17.5), roll), "#FFFFFF")
    places = {text.get_text(): text.get_position() for text in axes.texts}
    for angle in (0, 90, 210):
        column, row = places[f"{angle}°"]
        found = np.degrees(np.arctan2(-(column - 512), row - 500)) + roll
        assert np.cos(np.radians(found - angle)) == pytest.approx(1)


def test_north_is_up_and_east_on_the_left_unless_the_image_is_rolled(axes):
    annotate(axes, sun((17.5, 17.5)), "#FFFFFF")
    places = {text.get_text(): np.array(text.get_position()) for text in axes.texts}
    assert places["N"][1] > places["E"][1]
    assert places["E"][0] < places["N"][0]
