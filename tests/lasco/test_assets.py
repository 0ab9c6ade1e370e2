"""Calibration images: the official files where they are given, else the nominal set; what is wrong is named."""

from __future__ import annotations

import hashlib

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco import distortion
from corinpaint.lasco.assets import OFFICIAL_FILES, load_assets, occulted_on_detector
from corinpaint.lasco.errors import CalibrationError


def test_the_assets_say_what_they_are(official):
    assert load_assets().kind == "NOMINAL"
    assets = load_assets(official)
    assert assets.kind == "OFFICIAL"
    assert all(len(file.sha256) == 64 for file in assets.files)


def test_the_files_are_named_with_the_hash_of_their_content(official):
    contents = {name: (official / "lasco" / "calib" / name).read_bytes() for name in OFFICIAL_FILES.values()}
    told = {file.name: file.sha256 for file in load_assets(official).files}
    assert told == {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def test_a_folder_is_read_once_however_it_is_spelled(official):
    assert load_assets(official) is load_assets(f"{official}/lasco/..")
    assert load_assets(official) is not load_assets()


def test_the_vignetting_before_the_interruption_is_another_one(official):
    assets = load_assets(official)
    assert assets.vignetting(50999)[0, -1] == pytest.approx(2, abs=1e-3)
    assert assets.vignetting(51000)[0, -1] == pytest.approx(1, abs=1e-3)


def test_a_missing_official_file_is_named(official):
    (official / "lasco" / "calib" / "C3ramp.fts").unlink()
    with pytest.raises(CalibrationError, match=r"C3ramp\.fts"):
        load_assets(official)


def test_a_damaged_official_file_is_named(official):
    (official / "lasco" / "calib" / "C3ramp.fts").write_text("<html>not found</html>")
    with pytest.raises(CalibrationError, match=r"C3ramp\.fts"):
        load_assets(official)


def test_an_official_file_without_an_image_is_named(official):
    fits.PrimaryHDU().writeto(official / "lasco" / "calib" / "C3ramp.fts", overwrite=True)
    with pytest.raises(CalibrationError, match=r"C3ramp\.fts: not a readable FITS image"):
        load_assets(official)


@pytest.mark.parametrize(
    "image",
    [np.ones((512, 512), np.float32), np.full((1024, 1024), np.nan, np.float32)],
    ids=["half the size", "not a number"],
)
def test_an_official_file_that_is_no_finite_full_frame_is_named(official, image):
    fits.PrimaryHDU(image).writeto(official / "lasco" / "calib" / "C3ramp.fts", overwrite=True)
    with pytest.raises(CalibrationError, match=r"C3ramp\.fts: not a finite 1024 x 1024 image"):
        load_assets(official)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(CalibrationError, match="nowhere"):
        load_assets(tmp_path / "nowhere")


def test_a_pixel_is_occulted_when_no_pixel_of_the_field_takes_its_value_from_it():
    assets, centre = load_assets(), distortion.C3_OCCULTER_CENTRES[0][1]
    occulted = occulted_on_detector(assets, centre)
    alone = np.where(occulted, np.float32(1), np.float32(0))
    assert 0.01 < occulted.mean() < 0.5
    assert not distortion.undistort_map(centre).image(alone)[assets.field].any()


def test_the_occulter_hides_the_middle_of_the_frame_where_it_stands_today():
    assets, centre = load_assets(), distortion.C3_OCCULTER_CENTRES[-1][1]
    column, row = (round(value) for value in centre)
    assert assets.occulted[row - 30 : row + 31, column - 30 : column + 31].all()
    assert not assets.occulted[row, column + 200]
    assert np.array_equal(assets.occulted, occulted_on_detector(assets, centre))
