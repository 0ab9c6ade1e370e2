"""Frames: marks, colours, sizes."""

from __future__ import annotations

import numpy as np
import pytest
import sequences

from corinpaint.archive.movies import drawing
from corinpaint.archive.movies.cadence import Gap
from corinpaint.archive.movies.images import images
from corinpaint.archive.movies.stretching import Stretch
from corinpaint.lasco.level1.product import Flag


def pixels(picture) -> np.ndarray:
    return np.asarray(picture)


def has(picture, colour) -> bool:
    return bool((pixels(picture) == colour).all(axis=-1).any())


def is_warning(part: np.ndarray) -> bool:
    """Whether there is a word in the colour of warnings, whose letters have soft edges."""
    red, blue = part[..., 0].astype(int), part[..., 2].astype(int)
    return bool(((red > 150) & (red - blue > 80)).any())


@pytest.fixture
def folder(tmp_path):
    return sequences.write(tmp_path, (0, 12, 100))


def make(folder, kind="running", **options):
    setting, members = sequences.members(folder)
    times = [member.taken for member in members]
    stretch = Stretch("difference", (-1e-10, 1e-10)) if kind == "running" else Stretch("linear", (0.0, 2e-10))
    look = drawing.Look(setting, kind, stretch, "unit", times, [Gap(times[1], times[2])], **options)
    return drawing.Drawing(look), list(images(members, kind))


def test_frames_have_even_sides_and_small_images_are_enlarged(folder):
    drawer, made = make(folder)
    frame = drawer.frame(made[0])
    assert frame.size == drawer.size
    assert frame.size[0] == drawing.MIN_WIDTH
    assert all(side % 2 == 0 for side in frame.size)
    assert make(folder, width=601)[0].size[0] == 602


def test_refused_zones_are_grey_outlined_and_named(folder):
    drawer, made = make(folder)
    before = drawer.frame(made[0])
    assert not is_warning(pixels(before)[: drawer._line])
    sequences.flag(folder / "25000001.fits", np.s_[60:80, 60:80], Flag.REFUSED)
    drawer, made = make(folder)
    after = drawer.frame(made[0])
    scale = drawing.MIN_WIDTH / sequences.SIZE
    line = drawer._line
    middle = pixels(after)[round(line + (sequences.SIZE - 70) * scale), round(70 * scale)]
    assert tuple(middle) == drawing.NO_VALUE
    edge = pixels(after)[round(line + (sequences.SIZE - 70) * scale), round(60 * scale) - 2 : round(60 * scale) + 2]
    assert (edge == drawing.REFUSED).all(axis=-1).any()
    assert is_warning(pixels(after)[:line])


@pytest.mark.parametrize("outline", [True, False])
def test_filled_blocks_are_outlined_when_asked_for(folder, outline):
    sequences.flag(folder / "25000001.fits", np.s_[60:80, 60:80], Flag.FILLED)
    drawer, made = make(folder, outline=outline)
    assert has(drawer.frame(made[0]), drawing.FILLED) == outline


def test_the_occulter_is_dark_and_the_limb_drawn(folder):
    drawer, made = make(folder)
    frame = pixels(drawer.frame(made[0]))
    scale, line = drawing.MIN_WIDTH / sequences.SIZE, drawer._line
    column, row = round(47.5 * scale), round(line + 48.5 * scale)
    assert tuple(frame[row + 10, column]) == drawing.OCCULTED
    limb = frame[row, round(column - 9 * scale) : round(column - 7 * scale)]
    assert (limb == drawing.LIMB).all(axis=-1).any()


def test_originals_have_the_colours_of_the_telescope_and_differences_are_grey(folder):
    drawer, made = make(folder, "original")
    assert np.ptp(drawer.palette[-200:].astype(int), axis=-1).any()
    frame = pixels(drawer.frame(made[0]))[drawer._line : -drawer._line - drawing.BAR - 2]
    assert np.ptp(frame.astype(int), axis=-1).any()
    drawer, made = make(folder)
    frame = pixels(drawer.frame(made[0]))[drawer._line : -drawer._line - drawing.BAR - 2]
    assert not np.ptp(frame.astype(int), axis=-1).any()


def test_a_card_tells_of_the_gap_and_the_next_frame_too(folder):
    drawer, made = make(folder)
    frame = drawer.frame(made[0])
    card = drawer.card(frame, drawer.look.gaps[0])
    assert card.size == frame.size
    inside = np.s_[drawer._line : drawer._line + 400]
    assert is_warning(pixels(card)[inside])
    assert pixels(card)[inside].mean() < 0.5 * pixels(frame)[inside].mean()
    below = np.s_[-drawer._line - drawing.BAR : -drawing.BAR - 2]
    assert not is_warning(pixels(frame)[below])
    assert is_warning(pixels(drawer.frame(made[1], drawer.look.gaps[0]))[below])
