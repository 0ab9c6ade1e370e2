"""The images of a movie: differences, alignment, and products that cannot be used."""

from __future__ import annotations

import numpy as np
import pytest
import sequences

from corinpaint.archive.movies.images import DIFFERENCES, check_enough, images, read_background, sample
from corinpaint.lasco.errors import NoFrameError, OptionError
from corinpaint.lasco.level1.background import make_background
from corinpaint.lasco.level1.differences import subtract
from corinpaint.lasco.level1.product import Flag, read_level1


@pytest.fixture
def folder(tmp_path):
    return sequences.write(tmp_path, (0, 12, 24, 36))


def test_originals_are_the_products(folder):
    _, members = sequences.members(folder)
    for image, member in zip(images(members, "original"), members, strict=True):
        assert np.array_equal(image.data, read_level1(member.path).data.astype(np.float32), equal_nan=True)
        assert image.subtracted is None


@pytest.mark.parametrize(("kind", "other"), [("running", [0, 1, 2]), ("base", [0, 0, 0])])
def test_differences_are_those_of_subtract(folder, kind, other):
    _, members = sequences.members(folder)
    made = list(images(members, kind))
    assert [image.subtracted for image in made] == [members[index].path for index in other]
    for image, index in zip(made, other, strict=True):
        frame, before = read_level1(image.member.path), read_level1(members[index].path)
        expected = subtract(frame, before, kind, (image.member.path.name, members[index].path.name))
        assert np.array_equal(image.data, expected.data, equal_nan=True)
        assert image.apart == (image.member.taken - members[index].taken).total_seconds()


def test_a_background_is_subtracted_and_must_be_of_the_same_setting(folder, tmp_path):
    setting, members = sequences.members(folder)
    path = make_background(setting, members, min_frames=2).write(tmp_path / "backgrounds")
    made = list(images(members, "background", read_background(path, setting)))
    assert len(made) == 4
    assert np.nanmax(made[0].data) < 1.1e-10
    with pytest.raises(OptionError, match=r"is of C2 ORANGE/CLEAR.*the products of C3 ORANGE"):
        read_background(path, setting._replace(detector="C3"))


def test_a_product_that_cannot_be_read_is_left_out_and_the_next_compared_with_the_last_good_one(folder):
    _, members = sequences.members(folder)
    members[1].path.write_bytes(members[1].path.read_bytes()[:-5000])
    failed = []
    made = list(images(members, "running", failed=lambda path, error: failed.append((path, str(error)))))
    assert [path for path, _ in failed] == [members[1].path]
    assert [image.subtracted for image in made] == [members[0].path, members[2].path]
    assert made[0].apart == 24 * 60


def test_images_are_moved_to_the_sun_centre_of_the_first(tmp_path):
    sequences.write(tmp_path, (0,))
    other = sequences.blob(12, 60, centre=(57.5, 44.5))  # by 10 columns and -3 rows
    sequences.products.write(
        tmp_path, 25000001, "2014-02-25T01:12:00", other, **{**sequences.CARDS, "CRPIX1": 58.5, "CRPIX2": 45.5}
    )
    _, members = sequences.members(tmp_path)
    _, image = images(members, "original")
    assert (image.header["CRPIX1"], image.header["CRPIX2"]) == (48.5, 48.5)
    inside = np.s_[10:80, 0:80]
    assert np.allclose(image.data[inside], sequences.blob(12, 60)[inside], rtol=1e-6)
    assert image.mask[0, 95] == Flag.NEVER_SENT


@pytest.mark.parametrize(("kind", "first"), [("original", 0), ("running", 1), ("base", 1)])
def test_a_sample_is_spread_over_the_products(folder, kind, first):
    _, members = sequences.members(folder)
    whole = list(images(members, kind))
    for image in sample(members, kind, None, 2):
        (same,) = (one for one in whole if one.member == image.member)
        assert np.array_equal(image.data, same.data, equal_nan=True)
    assert [image.member for image in sample(members, kind, None, 2)] == [members[first], members[-1]]


def test_a_difference_needs_two_products(folder):
    _, members = sequences.members(folder)
    for kind in DIFFERENCES:
        with pytest.raises(NoFrameError, match="a difference needs two products"):
            check_enough(members[:1], kind)
        check_enough(members[:2], kind)
    check_enough(members[:1], "original")
