"""The numbers of LASCO files."""

from __future__ import annotations

import pytest

from corinpaint.lasco.file_numbers import frame_number, level1_number, number_of


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("32082037", "35082037"),
        ("33082037", "34082037"),
        ("22322749", "25322749"),
        ("23940050", "24940050"),
        ("mine", "mine_level1"),
    ],
)
def test_files_are_numbered_as_solarsoft_numbers_them(number, expected):
    assert level1_number(number) == expected


@pytest.mark.parametrize("number", ["24000464", "21000464", "31082037", "25000000", "20000001", "29999999"])
def test_numbers_that_would_share_a_name_in_solarsoft_keep_their_own(number):
    assert level1_number(number) == f"{number}_level1"


def test_no_two_frames_share_a_product_and_each_product_names_its_frame():
    counts = ("000000", "000464", "082037", "499999", "999999")
    frames = [f"{telescope}{source}{count}" for telescope in "23" for source in "0123456789" for count in counts]
    frames += ["mine", "mine_level1", "24000464_level1", "_level1", "12082037", "320820370", "3208203"]
    products = [level1_number(frame) for frame in frames]
    assert len(set(products)) == len(frames)
    assert [frame_number(product) for product in products] == frames


@pytest.mark.parametrize("name", ["32082037", "difference", "", "32082037_level1", "36082037", "3508203\u0667"])
def test_other_names_are_those_of_no_product(name):
    assert frame_number(name) == ""


@pytest.mark.parametrize(
    "name",
    "32082037 32082037.fts 32082037.FITS 32082037.fit 32082037.fts.gz 32082037.fits.GZ 32082037.fts.Z 32082037.fts.bz2 "
    "32082037.fts.xz 32082037.fts.fz 32082037.fits.fz day/32082037.fts".split(),
)
def test_the_number_of_a_frame_is_its_name_without_the_endings(name):
    assert number_of(name) == "32082037"


def test_dots_within_a_name_are_kept():
    assert number_of("a.b.fts") == "a.b"
