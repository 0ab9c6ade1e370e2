"""Whether the calibration files of a product are those that would be used now."""

from __future__ import annotations

import pytest
from astropy.io import fits
from official_tree import OFFSETS, TABLE

from corinpaint.lasco import calibrate
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1 import calibration_files
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.reference_files.locate import exposure_table_name


@pytest.fixture
def frame(make_frame):
    return read_frame(make_frame())


@pytest.fixture
def difference(frame, official):
    """The difference of a product to what the folder would give now."""
    calibration = load_calibration_set(official)
    product = calibrate(frame, calibration).header
    return lambda: calibration_files.difference(product, frame.header, calibration)


def test_nothing_differs_as_long_as_nothing_changes(difference):
    assert difference() == ""


def test_the_nominal_set_is_compared_too(frame):
    nominal = load_calibration_set()
    product = calibrate(frame, nominal).header
    assert calibration_files.difference(product, frame.header, nominal) == ""
    product["CALF1"] = "gone.fits"
    assert calibration_files.difference(product, frame.header, nominal) == (
        "CALF1 = 'gone.fits' is not in the calibration set"
    )


def test_another_set_differs(frame, official):
    product = calibrate(frame, load_calibration_set()).header
    found = calibration_files.difference(product, frame.header, load_calibration_set(official))
    assert found == "CALIB = 'NOMINAL', not 'OFFICIAL'"


def test_a_file_of_other_content_differs(difference, official):
    path = next(official.rglob("C3ramp.fts"))
    with fits.open(path, mode="update") as hdus:
        hdus[0].data *= 2
    assert "'C3ramp.fts' is another file of that name" in difference()


def test_a_table_that_was_fetched_in_the_meantime_differs(difference, official, frame):
    name = exposure_table_name("C3", frame.date)
    (official / name).write_bytes(TABLE)
    assert difference() == f"CALF: {name} was not used"


def test_a_table_that_does_not_cover_the_day_makes_no_difference(difference, official):
    (official / "c2_time_offsets.dat").write_bytes(OFFSETS)
    (official / "c3_expfactor_020109.dat").write_bytes(TABLE)
    assert difference() == ""


def test_the_tables_are_those_that_the_product_names(official, frame):
    (official / exposure_table_name("C3", frame.date)).write_bytes(TABLE)
    calibration = load_calibration_set(official)
    product = calibrate(frame, calibration).header
    found = calibration_files.tables(frame, calibration)
    assert found
    assert {file.name for file in found} < {product[key] for key in product if key.startswith("CALF")}


def test_images_are_not_read_and_no_file_is_hashed_twice(difference, monkeypatch):
    assert difference() == ""
    monkeypatch.setattr("pathlib.Path.read_bytes", lambda path: pytest.fail(f"{path} was read"))
    assert difference() == ""
