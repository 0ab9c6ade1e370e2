"""The numbers of LASCO files."""

from __future__ import annotations

import pytest

from corinpaint.lasco.file_numbers import level1_number, number_of


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("32082037", "35082037"),
        ("31082037", "34082037"),
        ("33082037", "34082037"),
        ("22322749", "25322749"),
        ("mine", "mine_level1"),
    ],
)
def test_files_are_numbered_as_solarsoft_numbers_them(number, expected):
    assert level1_number(number) == expected


@pytest.mark.parametrize(
    "name",
    "32082037 32082037.fts 32082037.FITS 32082037.fit 32082037.fts.gz 32082037.fits.GZ 32082037.fts.Z 32082037.fts.bz2 "
    "32082037.fts.xz 32082037.fts.fz 32082037.fits.fz day/32082037.fts".split(),
)
def test_the_number_of_a_frame_is_its_name_without_the_endings(name):
    assert number_of(name) == "32082037"


def test_dots_within_a_name_are_kept():
    assert number_of("a.b.fts") == "a.b"
