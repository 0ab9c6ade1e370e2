"""A movie is of one setting."""

from __future__ import annotations

import products
import pytest
import sequences

from corinpaint.archive.movies.selection import select
from corinpaint.lasco.errors import CalibrationError, OptionError
from corinpaint.lasco.level1.collection import collect


@pytest.fixture
def folder(tmp_path):
    sequences.write(tmp_path, (0, 12))
    for number, polar in ((3, "Clear"), (4, "+60 Deg")):
        products.write(
            tmp_path,
            25000000 + number,
            f"2014-02-25T0{number}:00:00",
            sequences.blob(0, 0),
            **{**sequences.CARDS, "DETECTOR": "C3", "FILTER": "Clear", "POLAR": polar},
        )
    return tmp_path


def test_several_settings_are_an_error_that_names_them_and_the_options(folder):
    with pytest.raises(OptionError) as raised:
        select(collect([folder]))
    assert "products of 3 settings: " in str(raised.value)
    assert "C2 ORANGE/CLEAR, 96 x 96 px (2 products)" in str(raised.value)
    assert "--detector (C2, C3) or --filter (CLEAR, ORANGE) or --polariser (+60DEG, CLEAR)" in str(raised.value)
    assert "--image-width" not in str(raised.value)


def test_one_is_chosen_by_what_tells_it_apart(folder):
    setting, members = select(collect([folder]), detector="c2")
    assert (setting.detector, len(members)) == ("C2", 2)
    setting, members = select(collect([folder]), polariser="+60 deg", colour_filter="clear", width=96)
    assert (setting.detector, len(members)) == ("C3", 1)


def test_a_setting_that_is_not_there_is_an_error(folder):
    with pytest.raises(OptionError, match="no product is of the setting that was asked for; there are: C2 ORANGE"):
        select(collect([folder]), width=512)


def test_products_of_another_calibration_are_refused(tmp_path):
    sequences.write(tmp_path, (0, 12))
    products.write(
        tmp_path, 25000009, "2014-02-25T09:00:00", sequences.blob(0, 0), **{**sequences.CARDS, "CALIB": "OTHER"}
    )
    with pytest.raises(CalibrationError, match="CALIB = 'OTHER'"):
        select(collect([tmp_path]))
