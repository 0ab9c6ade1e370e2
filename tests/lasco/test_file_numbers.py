"""The numbers of LASCO files."""

from __future__ import annotations

import pytest

from corinpaint.lasco.file_numbers import level1_number


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
