"""Calibration images: the official files where they are given, else the nominal set; what is wrong is named."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.geometry import distortion
from corinpaint.lasco.level05.readout import Summing
from corinpaint.lasco.photometry.optics import load_calibration_set, load_optics, occulted_on_detector


def test_the_assets_say_what_they_are(official):
    assert load_calibration_set().kind == "NOMINAL"
    calibration = load_calibration_set(official)
    assert calibration.kind == "OFFICIAL"
    assert all(len(file.sha256) == 64 for file in load_optics(calibration).files.values())


def test_a_folder_is_read_once_however_it_is_spelled(official):
    assert load_optics(load_calibration_set(official)) is load_optics(load_calibration_set(f"{official}/lasco/.."))
    assert load_calibration_set(official) != load_calibration_set()


def test_the_vignetting_before_the_interruption_is_different(official):
    calibration = load_optics(load_calibration_set(official))
    assert calibration.vignetting(50999)[0, -1] == pytest.approx(2, abs=1e-3)
    assert calibration.vignetting(51000)[0, -1] == pytest.approx(1, abs=1e-3)


def test_a_missing_official_file_is_named(official):
    (official / "lasco" / "calib" / "C3ramp.fts").unlink()
    with pytest.raises(CalibrationError, match=r"C3ramp\.fts"):
        load_calibration_set(official)


def test_a_damaged_official_file_is_named(official):
    (official / "lasco" / "calib" / "C3ramp.fts").write_text("<html>not found</html>")
    with pytest.raises(CalibrationError, match=r"C3ramp\.fts"):
        load_calibration_set(official)


def test_an_official_file_without_an_image_is_named(official):
    fits.PrimaryHDU().writeto(official / "lasco" / "calib" / "C3ramp.fts", overwrite=True)
    with pytest.raises(CalibrationError, match=r"C3ramp\.fts: not a readable FITS image"):
        load_calibration_set(official)


@pytest.mark.parametrize(
    "image",
    [np.ones((512, 512), np.float32), np.full((1024, 1024), np.nan, np.float32)],
    ids=["half the size", "not a number"],
)
def test_an_official_file_that_is_no_finite_full_frame_is_named(official, image):
    fits.PrimaryHDU(image).writeto(official / "lasco" / "calib" / "C3ramp.fts", overwrite=True)
    with pytest.raises(CalibrationError, match=r"C3ramp\.fts: not a finite 1024 x 1024 image"):
        load_calibration_set(official)


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(CalibrationError, match="nowhere"):
        load_calibration_set(tmp_path / "nowhere")


def test_a_pixel_is_occulted_when_no_pixel_of_the_field_of_view_depends_on_it():
    optics, centre = load_optics(load_calibration_set()), distortion.C3_OCCULTER_CENTRES[0][1]
    occulted = occulted_on_detector(optics, centre)
    alone = np.where(occulted, np.float32(1), np.float32(0))
    assert 0.01 < occulted.mean() < 0.5
    assert not distortion.undistort_map(centre).image(alone)[optics.field_corrected].any()


def test_a_frame_names_only_the_vignetting_of_its_time_and_the_ramp_where_it_is_subtracted(official):
    optics = load_optics(load_calibration_set(official))
    assert [file.name for file in optics.used(50999, ramp=False)] == ["c3vig_preint_final.fts", "c3_cl_mask_lvl1.fts"]
    assert [file.name for file in optics.used(51000, ramp=True)][:2] == ["c3vig_postint_final.fts", "C3ramp.fts"]


def test_images_of_summed_frames_are_means_and_their_field_of_view_has_whole_pixels_only(official):
    full, summed = (
        load_optics(load_calibration_set(official), "C3", sums) for sums in (Summing(), Summing(leb_x=2, leb_y=2))
    )
    assert summed.ramp.shape == (512, 512)
    assert summed.ramp[7, 9] == pytest.approx(full.ramp[14:16, 18:20].mean(), rel=1e-6)
    assert np.array_equal(summed.field_corrected, full.field_corrected.reshape(512, 2, 512, 2).all(axis=(1, 3)))


def test_c2_alone_is_enough_for_c2_and_is_clipped_as_solarsoft_clips_it(tmp_path):
    image = np.ones((1024, 1024), np.float32)
    image[0, :3] = (-5, 0, 250)
    fits.PrimaryHDU(image).writeto(tmp_path / "c2vig_final.fts")
    calibration = load_calibration_set(tmp_path)
    optics = load_optics(calibration, "C2")
    assert optics.vignetting(52000)[0, :4].tolist() == [0, 0, 100, 1]
    assert optics.field_on_detector[0, :4].tolist() == [False, False, True, True]
    with pytest.raises(CalibrationError, match=r"c3vig_preint_final\.fts is not there"):
        load_optics(calibration, "C3")


def test_a_folder_without_any_official_file_is_refused_with_the_remedy(tmp_path):
    with pytest.raises(CalibrationError, match="calibration fetch"):
        load_calibration_set(tmp_path)


def test_c2_has_a_nominal_set_too():
    optics = load_optics(load_calibration_set(), "C2")
    assert optics.kind == "NOMINAL"
    assert not optics.ramp.any()
    assert 0.3 < optics.field_corrected.mean() < 0.95


def test_an_official_image_of_zeros_is_named(official):
    blank = np.zeros((1024, 1024), np.float32)
    fits.PrimaryHDU(blank).writeto(official / "lasco" / "calib" / "c3_cl_mask_lvl1.fts", overwrite=True)
    with pytest.raises(CalibrationError, match=r"c3_cl_mask_lvl1\.fts: contains no value above zero"):
        load_calibration_set(official)
