"""Log-polar windows: where their pixels lie, what they show, how they are read."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest

from corinpaint.lasco.level05 import blocks
from corinpaint.restore.network import log_polar_grid

CENTRE = (518.2, 532.5)
ROOM = 0.46


def hole(*missing_at, size=1024):
    """Pixels of missing blocks of a frame, given by their places in the unsummed one."""
    missing = blocks.no_blocks((size, size))
    missing[tuple(np.transpose(missing_at) // (1024 // size))] = True
    return np.nonzero(blocks.to_pixels(missing))


def middle(size):
    return tuple((place + 0.5) * size / 1024 - 0.5 for place in CENTRE)


@pytest.mark.parametrize("mirrored", [False, True])
@pytest.mark.parametrize(("radius", "angle", "scale"), [(300.0, 0.4, 1.0), (90.0, 3.1, 1.0), (400.0, -2.0, 2.5)])
def test_pixels_of_a_window_are_found_again(radius, angle, scale, mirrored):
    window = log_polar_grid.Window(CENTRE, radius, angle, scale, mirrored, side=128)
    rows, columns = window.places(*window.pixels())
    assert np.allclose(rows, np.arange(128)[:, None], atol=1e-6)
    assert np.allclose(columns, np.arange(128)[None, :], atol=1e-6)


def test_the_radius_grows_along_the_columns_and_the_angle_along_the_rows():
    rows, columns = log_polar_grid.Window(CENTRE, 300.0, 0.4, side=65).pixels()
    y, x = rows - CENTRE[1], columns - CENTRE[0]
    logs, angles = np.log(np.hypot(x, y) / 300), np.arctan2(y, x)
    steps = np.arange(-32, 33) / 300
    assert np.allclose(logs, steps[:, None])
    assert np.allclose(angles, 0.4 + steps[None, :])


def test_a_mirrored_window_is_one_flipped_along_the_rows():
    plain, mirrored = (log_polar_grid.Window(CENTRE, 300.0, 0.4, 1.0, flip, side=64).pixels() for flip in (False, True))
    for one, other in zip(plain, mirrored, strict=True):
        assert np.allclose(one[:, ::-1], other)


@pytest.mark.parametrize("scale", [1.0, 2.0])
def test_a_window_shows_its_middle_at_its_scale_and_without_distortion(scale):
    window = log_polar_grid.Window(CENTRE, 300.0, 1.1, scale, side=65)
    rows, columns = window.pixels()
    assert rows[32, 32] == pytest.approx(CENTRE[1] + 300 * np.sin(1.1))
    assert columns[32, 32] == pytest.approx(CENTRE[0] + 300 * np.cos(1.1))
    outwards = np.array([rows[33, 32] - rows[31, 32], columns[33, 32] - columns[31, 32]]) / 2
    around = np.array([rows[32, 33] - rows[32, 31], columns[32, 33] - columns[32, 31]]) / 2
    assert np.hypot(*outwards) == pytest.approx(scale, rel=1e-3)
    assert np.hypot(*around) == pytest.approx(scale, rel=1e-3)
    assert outwards @ around == pytest.approx(0, abs=1e-6)


def test_a_pixel_in_the_middle_of_a_hole_lies_in_the_middle_of_its_window():
    rows, columns = (np.array([place]) for place in (700, 800))
    window = log_polar_grid.around(rows, columns, CENTRE, ROOM)
    assert window.side == 256
    assert np.allclose(window.places(rows, columns), (window.side - 1) / 2)


ZONES = {
    "one block": ((20, 20),),
    "at the corner": ((0, 0),),
    "at the edge": ((31, 16),),
    "three by three": tuple(product(range(4, 7), range(20, 23))),
    "four by four": tuple(product(range(4, 8), range(20, 24))),
    "sixteen in a row": tuple((24, column) for column in range(8, 24)),
    "sixteen in a column": tuple((row, 5) for row in range(8, 24)),
    "a row past the sun": tuple((14, column) for column in range(8, 24)),
    "across the seam of the angle": ((16, 4), (17, 4), (15, 4)),
    "beside the sun": ((16, 17),),
    "on the sun": ((16, 16),),
    "about the sun": tuple(product(range(14, 19), range(14, 19))),
    "the whole frame": tuple(product(range(32), range(32))),
}


@pytest.mark.parametrize("size", [1024, 512, 128])
@pytest.mark.parametrize("missing", ZONES.values(), ids=ZONES.keys())
def test_the_window_around_a_hole_shows_all_of_it_within_its_room(missing, size):
    rows, columns = hole(*missing, size=size)
    window = log_polar_grid.around(rows, columns, middle(size), ROOM)
    at = window.places(rows, columns)
    assert window.shows(*at).all()
    assert np.abs(np.array(at) - (window.side - 1) / 2).max() <= ROOM * log_polar_grid.SIDE / 2 + 1e-6
    assert window.scale >= 1
    sampler = log_polar_grid.sampler(window, (size, size))
    assert sampler.mask(np.isin(np.arange(size * size), rows * size + columns).reshape(size, size)).any()


@pytest.mark.parametrize(
    ("name", "whole"), [("one block", True), ("three by three", True), ("sixteen in a row", False)]
)
def test_a_hole_is_shown_at_full_resolution_where_it_fits(name, whole):
    window = log_polar_grid.around(*hole(*ZONES[name]), CENTRE, ROOM)
    assert (window.scale == 1) == whole


def test_a_window_shows_its_own_pixels_and_no_others():
    window = log_polar_grid.Window(CENTRE, 300.0, 0.4, side=64)
    places = np.array([-0.1, 0, 30, 63, 63.1])
    assert window.shows(places, 0 * places + 5).tolist() == [False, True, True, True, False]
    assert window.shows(0 * places + 5, places).tolist() == [False, True, True, True, False]


def test_a_window_takes_the_nearest_pixels_of_a_frame():
    rows, columns = np.mgrid[0:1024, 0:1024]
    window = log_polar_grid.Window(CENTRE, 250.0, 0.7, side=256)
    sampler = log_polar_grid.sampler(window, (1024, 1024))
    assert sampler.inside.all()
    wanted = window.pixels()
    for image, places in zip((rows, columns), wanted, strict=True):
        assert np.abs(sampler.values(image.astype(np.float32), sampler.inside) - places).max() <= 0.5 + 1e-4


def test_what_lies_outside_of_the_frame_is_unknown():
    window = log_polar_grid.Window(CENTRE, 500.0, 0.0)
    sampler = log_polar_grid.sampler(window, (1024, 1024))
    _, columns = window.pixels()
    known = sampler.mask(np.ones((1024, 1024), dtype=bool))
    assert np.array_equal(known, np.rint(columns) <= 1023)
    values = sampler.values(np.ones((1024, 1024), dtype=np.float32), known)
    assert np.array_equal(values, known)
    assert values.dtype == np.float32


def test_what_is_not_known_is_zero_whatever_it_holds():
    sampler = log_polar_grid.sampler(log_polar_grid.Window(CENTRE, 250.0, 0.7), (1024, 1024))
    image = np.full((1024, 1024), np.nan, dtype=np.float32)
    assert not sampler.values(image, sampler.mask(np.zeros(image.shape, dtype=bool))).any()


def test_a_power_of_the_radius_is_a_straight_line_along_the_columns():
    rows, columns = np.mgrid[0:1024, 0:1024]
    image = np.hypot(rows - CENTRE[1], columns - CENTRE[0]) ** -2.3
    sampler = log_polar_grid.sampler(log_polar_grid.Window(CENTRE, 300.0, 2.0, side=192), image.shape)
    logs = np.log(sampler.values(image, sampler.inside))
    line = -2.3 * (np.log(300) + (np.arange(192) - 95.5) / 300)
    assert np.abs(logs - line[:, None]).max() < 2.3 * 0.75 / 200  # of the nearest pixel: 0.7 px of 218 or more


def test_bilinear_fields_are_read_exactly():
    rows, columns = np.mgrid[0:20, 0:30]
    at = np.random.default_rng(0).uniform((0, 0), (18.99, 28.99), (200, 2)).T
    read = log_polar_grid.read(2 + 3.0 * rows - columns + 0.1 * rows * columns, *at)
    assert np.allclose(read, 2 + 3 * at[0] - at[1] + 0.1 * at[0] * at[1])


def test_beyond_its_rim_a_window_is_read_at_the_rim():
    image = np.arange(12.0).reshape(3, 4)
    places = np.array([-5.0, 1.0, 9.0])
    assert log_polar_grid.read(image, places, np.array([-2.0, 1.0, 7.0])) == pytest.approx([0, 5, 11], abs=0.01)


def test_pixels_that_are_not_square_are_shown_square():
    window = log_polar_grid.Window((250.0, 520.0), 300.0, 0.6, pixel=(2.0, 1.0))
    rows, columns = window.pixels()
    x, y = 2 * (columns - 250.0), rows - 520.0
    assert np.allclose(np.hypot(x, y)[:, 0], np.hypot(x, y)[:, -1])
    assert np.hypot(x, y)[191:193, 0].mean() == pytest.approx(300.0, rel=1e-4)
    back = window.places(rows, columns)
    assert np.allclose(back, np.indices(rows.shape), atol=1e-6)


def test_pixels_of_a_frame_summed_along_one_axis_are_not_square():
    assert log_polar_grid.pixel_shape((1024, 512)) == (2.0, 1.0)
    assert log_polar_grid.pixel_shape((256, 256)) == (1.0, 1.0)
    rows, columns = np.mgrid[640:672, 100:116]
    window = log_polar_grid.around(rows, columns, (250.0, 520.0), 0.46, (2.0, 1.0))
    assert window.pixel == (2.0, 1.0)
    assert window.radius == pytest.approx(np.hypot(2 * (107.5 - 250), 655.5 - 520), rel=0.02)
    assert window.shows(*window.places(rows, columns)).all()


@pytest.mark.parametrize("multiple", [32, 64, 128, 256])
def test_windows_have_a_size_that_the_network_takes(multiple):
    for count in range(1, 6):
        rows, columns = np.mgrid[640 : 640 + 32 * count, 256 : 256 + 32 * count].reshape(2, -1)
        assert log_polar_grid.around(rows, columns, CENTRE, ROOM, multiple=multiple).side % multiple == 0
