"""From frame to product: official files by hand, every kind of frame, flags, roll, uncertainty."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits
from astropy.wcs import WCS
from level05 import BIAS
from official_tree import save_file

import corinpaint.lasco
from corinpaint.lasco.geometry import pointing
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1 import product as level1
from corinpaint.lasco.level1 import systematics
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.level1.compression import SIGNIFICANT_BITS
from corinpaint.lasco.options import Options, parse
from corinpaint.lasco.photometry import noise
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet

CALFACTOR = (7.43e-8 * (52282 - 50000) + 5.96e-3) * 1e-10


@pytest.fixture
def tables(official):
    """The official images with tables of everything: exposure, clock, star fits."""
    (official / "c3_expfactor_020108.dat").write_text("32082037.fts 0.996987 377.700 0 8285.6\n")
    (official / "c2_time_offsets.dat").write_text("title\ntitle\n52280 0 0 0 8.0\n52290 0 0 0 8.0\n")
    tai = pointing.tai_seconds(read_frame_date()) + np.array([-3600.0, 3600.0])
    fits_ = save_file(c_tai=tai, c_xmed=[517.9, 518.1], c_ymed=[532.6, 532.6], c_rmed=[-0.2, -0.3])
    (official / "c3_post_recovery_adj_xyr_medv2.sav").write_bytes(fits_)
    return load_calibration_set(official)


def read_frame_date():
    from astropy.time import Time

    return Time("2002-01-08T02:18:05.594", scale="utc")


def test_the_public_entry_is_calibrate_of_the_room(make_frame):
    product = corinpaint.lasco.calibrate(corinpaint.lasco.read_frame(make_frame()))
    assert isinstance(product, corinpaint.lasco.Level1)
    assert product.header["CALIB"] == "NOMINAL"


def test_the_product_names_every_file_and_step_that_made_it(make_frame, tables, tmp_path):
    header = fits.getheader(calibrate(read_frame(make_frame()), tables).write(tmp_path / "out"))
    names = [header[f"CALF{i}"] for i in range(1, 7)]
    assert names == [
        "c3vig_postint_final.fts",
        "C3ramp.fts",
        "c3_cl_mask_lvl1.fts",
        "c3_expfactor_020108.dat",
        "c2_time_offsets.dat",
        "c3_post_recovery_adj_xyr_medv2.sav",
    ]
    assert "CALF7" not in header
    assert header["CALIB"] == "OFFICIAL"
    assert header["EXPTIME"] == pytest.approx(19.1 * 0.996987)
    assert (header["OFFSET"], header["EXPFAC"]) == (377.7, 0.996987)
    assert header["DATE-OBS"] == "2002-01-08T02:17:57.594"
    assert header["CRPIX1"] == pytest.approx(519.0, abs=1e-3)
    assert header["CROTA2"] == pytest.approx(-0.25, abs=1e-3)
    history = str(header["HISTORY"])
    for step in ("Bias 377.700 DN", "calfactor 6.1295", "Optical distortion", "Clock offset 8.000 s", "star fits of"):
        assert step in history


def test_before_the_interruption_the_other_vignetting_is_used(make_frame, official):
    cards = {"DATE_OBS": "1997/06/15", "MID_DATE": 50614}
    header = calibrate(read_frame(make_frame(**cards)), load_calibration_set(official)).header
    assert header["CALF1"] == "c3vig_preint_final.fts"


@pytest.mark.slow
@pytest.mark.parametrize("filter_", ["Orange", "Blue", "DeepRd", "IR"])
def test_stray_light_is_that_of_the_clear_filter_alone(make_frame, official, filter_):
    frame = read_frame(make_frame(FILTER=filter_))
    calibration = load_calibration_set(official)
    with_, without = (
        calibrate_on_detector(frame, calibration, Options(ramp=ramp)).brightness for ramp in (True, False)
    )
    assert np.array_equal(with_, without)
    assert "C3ramp.fts" not in [calibrate(frame, calibration).header[f"CALF{i}"] for i in (1, 2)]


@pytest.mark.parametrize("cards", [{"LEBXSUM": 2, "LEBYSUM": 2}, {"SUMCOL": 2, "SUMROW": 2}])
def test_a_summed_frame_has_the_brightness_of_the_unsummed_one(make_frame, official, cards):
    y, x = np.mgrid[0:1024, 0:1024]
    above = (6e5 / (np.hypot(x - 518, y - 533) + 80)).round()
    quarters = above.reshape(512, 2, 512, 2).sum(axis=(1, 3))
    reads = cards.get("LEBXSUM", 1) ** 2
    full = read_frame(make_frame((above + BIAS).round().astype(np.int16)))
    cards = {**cards, "CRPIX1": 517.956 / 2, "CRPIX2": 532.632 / 2}
    summed = read_frame(make_frame((quarters + BIAS * reads).round().astype(np.int32), **cards))
    calibration = load_calibration_set(official)
    ours, theirs = calibrate(summed, calibration), calibrate(full, calibration)
    expected = theirs.data.reshape(512, 2, 512, 2).mean(axis=(1, 3))
    both = np.isfinite(ours.data) & np.isfinite(expected)
    assert both.mean() > 0.5
    assert np.median(np.abs(ours.data / expected - 1)[both]) < 2e-3
    assert WCS(ours.header).world_to_pixel_values(0.5, 0.2) == pytest.approx(
        [(p - 0.5) / 2 for p in WCS(theirs.header).world_to_pixel_values(0.5, 0.2)], abs=1e-3
    )


def test_a_subfield_is_flagged_outside_and_calibrated_inside(make_frame, official):
    whole = read_frame(make_frame())
    part = whole.data[320:576, 128:640].astype(np.int16)
    cards = {"R1COL": 148, "R1ROW": 321, "R2COL": 659, "R2ROW": 576, "CRPIX1": 517.956 - 128, "CRPIX2": 532.632 - 320}
    calibration = load_calibration_set(official)
    product, full = calibrate(read_frame(make_frame(part, **cards)), calibration), calibrate(whole, calibration)
    inside = np.zeros((1024, 1024), dtype=bool)
    inside[324:572, 132:636] = True
    assert np.array_equal(product.data[inside], full.data[inside], equal_nan=True)
    assert (product.mask[100:300] & level1.Flag.NEVER_SENT).all()
    assert np.isnan(product.data[100:300]).all()
    assert product.header["CRPIX1"] == pytest.approx(full.header["CRPIX1"])


def test_missing_blocks_without_a_fill_are_nan_flagged_and_counted(make_frame):
    product = calibrate(read_frame(make_frame(missing=((20, 20), (8, 12)))), load_calibration_set())
    refused = product.mask & level1.Flag.REFUSED > 0
    assert refused.sum() > 2 * 1024
    assert np.isnan(product.data[refused]).all()
    assert np.isinf(product.uncertainty[refused]).all()
    assert (product.header["NMISSING"], product.header["NFILLED"]) == (2, 0)


@pytest.mark.slow
def test_every_pixel_without_a_value_has_a_flag(make_frame):
    for cards in ({}, {"CROTA1": 7.0}, {"CROTA1": 180.0}, {"DETECTOR": "C2", "FILTER": "Orange"}):
        product = calibrate(read_frame(make_frame(missing=((20, 20),), **cards)), load_calibration_set())
        why = product.mask & (level1.Flag.NEVER_SENT | level1.Flag.OCCULTED | level1.Flag.REFUSED)
        assert np.array_equal(np.isnan(product.data), why > 0)
        assert np.array_equal(np.isinf(product.uncertainty), np.isnan(product.data))


@pytest.mark.slow
@pytest.mark.parametrize("crota", [3.0, -7.5, 175.0, -172.479])
def test_a_roll_of_a_degree_or_more_is_corrected_about_the_sun_centre(make_frame, crota):
    frame = read_frame(make_frame(CROTA1=crota))
    rolled, kept = (calibrate(frame, load_calibration_set(), Options(roll=roll)) for roll in (True, False))
    assert (rolled.header["CROTA2"], rolled.header["CRPIX1"]) == (0, kept.header["CRPIX1"])
    assert kept.header["CROTA2"] == pytest.approx(pointing.wrap_angle(crota - 180 * frame.upside_down) - 0.23)
    assert rolled.header["RECTIFY"] == pytest.approx(180 * frame.upside_down + kept.header["CROTA2"])
    places = np.array([[2000.0, 9000.0], [-8000.0, 4000.0], [6000.0, -7000.0]])
    for place in places:
        values = []
        for product in (rolled, kept):
            column, row = WCS(product.header).world_to_pixel_values(*place / 3600)
            calibrated = product.data[round(float(row)) - 3 : round(float(row)) + 4, round(float(column)) - 3 :][:, :7]
            values.append(np.median(calibrated))
        assert values[0] == pytest.approx(values[1], rel=0.05)


def test_a_roll_below_a_degree_stays_in_the_header_and_interpolates_nothing(make_frame):
    straight, rolled = (calibrate(read_frame(make_frame(CROTA1=roll)), load_calibration_set()) for roll in (0.0, 0.9))
    assert np.array_equal(straight.data, rolled.data, equal_nan=True)
    assert rolled.header["CROTA2"] == pytest.approx(0.67)


def test_an_upside_down_frame_is_rotated_exactly(make_frame):
    upright, upside_down = (
        calibrate(read_frame(make_frame(CROTA1=roll)), load_calibration_set()) for roll in (0.0, 180.0)
    )
    for name in ("data", "mask", "uncertainty"):
        assert np.array_equal(getattr(upright, name), getattr(upside_down, name)[::-1, ::-1], equal_nan=name != "mask")
    assert upside_down.header["CRPIX1"] == pytest.approx(1023 - 517.956 + 1)


@pytest.mark.slow
def test_leaving_out_a_step_leaves_its_effect(make_frame, official):
    frame, calibration = read_frame(make_frame()), load_calibration_set(official)
    y, x = np.mgrid[0:1024, 0:1024] / 1024
    rate = (frame.data - BIAS) / 19.1
    expected = {
        "no-vignetting": rate * CALFACTOR - 3e-12 * (1 + x * y),
        "no-ramp": rate * (1 + 0.5 * y) * CALFACTOR,
        "no-calfactor": rate * (1 + 0.5 * y),
    }
    for name, image in expected.items():
        assert np.allclose(
            calibrate_on_detector(frame, calibration, parse([name])).brightness, image, rtol=2e-6, atol=1e-17
        )
    rate_product = calibrate(frame, calibration, parse(["no-calfactor"]))
    assert rate_product.header["BUNIT"] == "DN / s"
    plain = calibrate(frame, calibration, parse(["no-warp"]))
    seen = np.isfinite(plain.data)
    assert np.array_equal(plain.data[seen], calibrate_on_detector(frame, calibration).brightness[seen])
    unmasked = calibrate(frame, calibration, parse(["no-mask"]))
    hidden = (unmasked.mask & level1.Flag.OCCULTED > 0) & (unmasked.mask & level1.Flag.NEVER_SENT == 0)
    assert hidden.any()
    assert np.isfinite(unmasked.data[hidden]).all()


@pytest.mark.slow
def test_solarsofts_grid_is_an_option_with_a_similar_result(make_frame):
    exact, coarse = (
        calibrate(read_frame(make_frame()), load_calibration_set(), Options(solarsoft=grid)) for grid in (False, True)
    )
    apart = np.abs(coarse.data / exact.data - 1)
    assert 0 < np.nanmedian(apart) < 5e-4
    assert "32 px grid" in str(coarse.header["HISTORY"])


def test_uncertainty_is_noise_through_every_step_and_the_calibration_term(make_frame, official):
    frame, calibration = read_frame(make_frame()), load_calibration_set(official)
    product = calibrate(frame, calibration, parse(["no-warp"]))
    y, _ = np.mgrid[0:1024, 0:1024] / 1024
    counts = noise.variance(frame, BIAS)
    noise_term = np.sqrt(counts) / 19.1 * (1 + 0.5 * y) * CALFACTOR
    additive = systematics.additive_calibration_error(calibrate_on_detector(frame, calibration))
    by_hand = np.sqrt(noise_term**2 + (product.header["CALERR"] * product.data) ** 2 + additive**2)
    seen, rounding = np.isfinite(product.data), 2.0**-SIGNIFICANT_BITS
    assert np.allclose(product.uncertainty[seen], by_hand[seen], rtol=1e-4 + rounding, atol=0)
    assert np.allclose(product.noise[seen], noise_term[seen], rtol=1e-4 + rounding, atol=0)
    assert (additive[seen] > 0.01 * noise_term[seen]).all()
    assert np.isinf(product.noise[~seen]).all()


@pytest.mark.slow
def test_uncertainty_holds_for_simulated_noise():
    """The scatter of noisy exposures about the noise-free one, in units of the uncertainty without calibration term."""
    from dataclasses import replace

    from corinpaint.lasco.level1.calibrate import make_product
    from corinpaint.lasco.simulation.scene import simulate

    simulation = simulate(5, missing=0)
    found = calibrate_on_detector(simulation.frame, load_calibration_set())
    product, truth = make_product(found), make_product(replace(found, brightness=simulation.brightness))
    quiet = np.isfinite(product.data) & (product.data < 3e-11) & (product.mask == 0)
    pull = ((product.data - truth.data) / product.noise)[quiet]
    assert 1.4826 * np.median(np.abs(pull - np.median(pull))) == pytest.approx(1, abs=0.35)


@pytest.mark.slow
def test_the_polarised_c2_frames_use_the_factor_of_the_polariser(shared):
    for path in sorted((shared / "c2_level05_polarised_512").glob("*.fts.gz")):
        frame = read_frame(path)
        product = calibrate(frame)
        polariser = 1.0 if frame.polar == "CLEAR" else 0.25256
        factor = (4.60403e-07 * frame.day + 0.0374116) / polariser / 4 * 1e-10
        assert product.header["CALFAC"] == pytest.approx(factor, abs=0, rel=1e-6)
        assert product.data.shape == (512, 512)
        assert abs(product.header["CDELT1"] - 23.8) < 1e-9
        assert 1e-10 < np.nanmedian(product.data) < 3e-9


@pytest.mark.slow
def test_every_real_frame_is_calibrated(shared):
    short_of_light = "32108414"  # a third of the rate that its EXPTIME says
    for path in sorted(shared.glob("c[23]_level05*/*.fts.gz")):
        product = calibrate(read_frame(path))
        seen = np.isfinite(product.data)
        assert 0.4 < seen.mean() < 0.95
        assert np.isfinite(product.uncertainty[seen]).all()
        assert short_of_light in path.name or (product.data[seen] > 0).mean() > 0.99


def test_a_removed_folder_is_an_error_only_when_its_files_are_needed(make_frame, tmp_path):
    from corinpaint.lasco.errors import CalibrationError

    with pytest.raises(CalibrationError, match="c3vig_preint_final"):
        calibrate(read_frame(make_frame()), CalibrationSet("OFFICIAL", tmp_path))


def test_no_pixel_of_the_product_depends_on_a_missing_block(make_frame):
    """No unflagged pixel depends on a missing block, whose counts are zero."""
    whole = calibrate(read_frame(make_frame()), load_calibration_set())
    holed = calibrate(read_frame(make_frame(missing=((20, 20),))), load_calibration_set())
    good = holed.mask & level1.Flag.REFUSED == 0
    assert np.array_equal(holed.data[good], whole.data[good], equal_nan=True)
    assert (~good).sum() > 32 * 32


def test_the_file_of_a_product_is_complete(make_frame, tmp_path):
    path = calibrate(read_frame(make_frame()), load_calibration_set()).write(tmp_path)
    with fits.open(path, checksum=True) as hdus:
        hdus.verify("exception")


def test_a_star_in_a_frame_with_unequal_summing_keeps_its_position_after_the_rotation(make_frame):
    counts = np.full((1024, 512), 900, np.int16)
    counts[650:654, 310:312] = 9000
    cards = {"SUMCOL": 2, "SUMROW": 1, "CRPIX1": 259.0, "CRPIX2": 532.6, "CROTA1": 30.0}
    places = []
    for roll in (False, True):
        options = Options(vignetting=False, ramp=False, roll=roll)
        product = calibrate(read_frame(make_frame(counts, **cards)), load_calibration_set(), options)
        bright = np.argwhere(product.data > 0.9 * np.nanmax(product.data)).mean(axis=0)
        places.append(3600 * np.array(WCS(product.header).pixel_to_world_values(*bright[::-1])))
    assert np.abs(places[0] - places[1]).max() < 60  # arcsec; a pixel is 112 x 56


def test_pixels_without_transmission_have_no_value_even_without_mask(make_frame, tmp_path):
    image = np.ones((1024, 1024), np.float32)
    image[400:600, 400:600] = 0
    fits.PrimaryHDU(image).writeto(tmp_path / "c2vig_final.fts")
    frame = read_frame(make_frame(DETECTOR="C2", FILTER="Orange"))
    product = calibrate(frame, load_calibration_set(tmp_path), Options(mask=False))
    assert np.isnan(product.data[450:550, 450:550]).all()
    assert np.isinf(product.uncertainty[450:550, 450:550]).all()
    assert (product.mask[450:550, 450:550] & level1.Flag.OCCULTED).all()


@pytest.mark.slow
def test_the_same_product_gives_the_same_bytes_at_any_time(make_frame):
    first, again = (calibrate(read_frame(make_frame()), load_calibration_set()) for _ in range(2))
    assert first.to_bytes() == again.to_bytes()
    assert b"HDU checksum updated" not in first.to_bytes()


def test_an_unaligned_subfield_keeps_every_measured_pixel_of_the_corners(make_frame):
    cards = {"R1COL": 42, "R1ROW": 23, "R2COL": 553, "R2ROW": 534, "CRPIX1": 496.0, "CRPIX2": 510.0}
    frame = read_frame(make_frame(np.full((512, 512), 900, np.int16), **cards))
    product = calibrate(frame, load_calibration_set(), Options(mask=False, warp=False))
    assert np.isfinite(product.data).sum() == 512 * 512
