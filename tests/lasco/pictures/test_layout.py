"""Sizes of figures."""

from __future__ import annotations

import pytest

from corinpaint.lasco.pictures.layout import CELL, SIDE, Layout


def test_a_panel_shows_a_full_frame_pixel_by_pixel():
    layout = Layout((False, True))
    figure = layout.figure()
    for index in range(2):
        box = layout.panel(figure, index).get_window_extent()
        assert (box.width, box.height) == pytest.approx((SIDE, SIDE))
        assert box.x0 == pytest.approx(round(box.x0), abs=1e-6)


@pytest.mark.parametrize("layout", [Layout((True,), 2, 7, 3), Layout((False, True), 1, 5, 2), Layout((), 0, 3, 3)])
def test_nothing_overlaps_and_all_lies_in_the_figure(layout):
    figure = layout.figure()
    parts = [layout.panel(figure, index) for index in range(len(layout.bars))]
    parts += [layout.cell(figure, zone, cell) for zone in range(layout.zones) for cell in range(layout.cells)]
    parts += [layout.bar(figure, index) for index, bar in enumerate(layout.bars) if bar]
    found = [axes.get_window_extent().extents for axes in parts]
    for index, (left, low, right, high) in enumerate(found):
        assert left >= 0
        assert low >= 0
        assert right <= layout.width + 1e-6
        assert high <= layout.height + 1e-6
        for other in found[:index]:
            assert right <= other[0] or left >= other[2] or high <= other[1] + 1e-6 or low >= other[3] - 1e-6


def test_zones_stand_beside_each_other_as_far_as_there_is_room():
    assert Layout((False, True), zones=6, cells=2).zones_per_row == 3
    assert Layout((True,), zones=6, cells=3).zones_per_row == 1
    assert Layout((), zones=2, cells=3).width >= 3 * CELL
