"""Counts to brightness: CorKit's correct parts, the order of the steps, the nominal set beside official products."""

from __future__ import annotations

import subprocess
import sys

import level05
import numpy as np
import pytest

from corinpaint.lasco import calibration, distortion, nominal
from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.frame import read_frame


def test_brightness_follows_the_formula_of_solarsoft(make_frame, official):
    frame, assets = read_frame(make_frame()), calibration.load_assets(official)
    y, x = np.mgrid[0:1024, 0:1024] / 1024
    calfactor = (7.43e-8 * (52282 - 50000) + 5.96e-3) * 1e-10
    by_hand = (frame.data - 377.741) / 19.1 * (1 + 0.5 * y) * calfactor - 3e-12 * (1 + x * y)
    ours = calibration.photometry(frame, assets)
    assert ours.dtype == np.float32
    assert np.allclose(ours, by_hand, rtol=2e-6, atol=1e-17)


@pytest.mark.parametrize(
    ("filter_", "polar", "expected"),
    [
        ("Clear", "Clear", (7.43e-8 * 2282 + 5.96e-3) * 1e-10),
        ("Orange", "Clear", 0.0297e-10),
        ("Clear", "-60 Deg", (7.43e-8 * 2282 + 5.96e-3) / 0.25256 * 1.0235 * 1e-10),
    ],
)
def test_calfactor_is_solarsofts_also_through_a_polariser_with_blanks(make_frame, filter_, polar, expected):
    frame = read_frame(make_frame(FILTER=filter_, POLAR=polar))
    assert calibration.calfactor(frame) == pytest.approx(expected, rel=1e-9)


def test_the_bias_is_offset_else_the_polynomial_of_the_read_port(make_frame):
    nominal_set = calibration.load_assets()
    assert calibration.exposure(read_frame(make_frame()), nominal_set) == (1.0, 377.741, "OFFSET")
    without = calibration.exposure(read_frame(make_frame(drop=("OFFSET",))), nominal_set)
    by_hand = 374.11139 + 0.010731823 * (52282 - 51915) - 1.0726207e-6 * (52282 - 51915) ** 2
    assert without.bias == pytest.approx(by_hand, abs=1e-6)
    assert "port C" in without.source


def test_the_exposure_table_of_the_day_comes_before_the_header(make_frame, official):
    rows = "32082036.fts 1.100000 370.0 0 3600.0\n32082037.fts 0.996987 377.700 0 8285.6\n"
    (official / "c3_expfactor_020108.dat").write_text(rows)
    exposure = calibration.exposure(read_frame(make_frame()), calibration.load_assets(official))
    assert exposure == (0.996987, 377.7, "c3_expfactor_020108.dat")


def test_without_a_row_of_its_name_a_frame_takes_the_nearest_in_time(make_frame, official):
    rows = "32082001.fts 1.100000 370.0 0 3600.0\n32082099.fts 0.9 371.0 0 8000.0\n"
    (official / "c3_expfactor_020108.dat").write_text(rows)
    exposure = calibration.exposure(read_frame(make_frame()), calibration.load_assets(official))
    assert (exposure.factor, exposure.bias) == (0.9, 371.0)


@pytest.mark.parametrize(
    "content",
    [
        "",
        "<html>404 Not Found</html>",
        "32082037.fts one 377.7 0 8285.6",
        "32082037.fts 0 377.7 0 8285.6",
        "32082037.fts 1.0 nan 0 8285.6",
    ],
)
def test_a_damaged_exposure_table_is_named(make_frame, official, content):
    (official / "c3_expfactor_020108.dat").write_text(content)
    with pytest.raises(CalibrationError, match=r"c3_expfactor_020108\.dat"):
        calibration.exposure(read_frame(make_frame()), calibration.load_assets(official))


def test_the_exposure_table_of_the_day_is_one_of_the_files_that_a_product_names(make_frame, official):
    frame, assets = read_frame(make_frame()), calibration.load_assets(official)
    assert calibration.files(frame, assets) == assets.files
    (official / "c3_expfactor_020108.dat").write_text("32082037.fts 1.0 377.7 0 8285.6")
    *others, table = calibration.files(frame, assets)
    assert (tuple(others), table.name) == (assets.files, "c3_expfactor_020108.dat")


@pytest.mark.parametrize("name", level05.KINDS)
def test_what_cannot_be_calibrated_is_refused_by_name(name):
    damage, error = level05.KINDS[name]
    frame = read_frame(damage(), name="odd.fts")
    with pytest.raises(error, match=name.split()[0]) as caught:
        calibration.photometry(frame, calibration.load_assets())
    assert "odd.fts" in str(caught.value)


def test_corkits_factor_is_had_without_torch():
    program = (
        "import sys\n"
        "from corinpaint.lasco import calibration\n"
        "calibration._corkit_calfactor()\n"
        "assert 'torch' not in sys.modules and 'corkit.lasco' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_only_full_wells_are_called_saturated(real_frames):
    for path in real_frames:
        assert calibration.saturated(read_frame(path)).mean() < 2e-3


def test_the_nominal_set_reproduces_the_official_level_1_frame(shared):
    """The pair it was fitted to: the official Level 1 frame and ours of 24 minutes before, per radius."""
    official, masked, header = nominal.read_level1_raw(shared / "c3_level1" / "35082038.fts.gz")
    frame = read_frame(shared / "c3_level05" / "32082037.fts.gz")
    assets = calibration.load_assets()
    warp = distortion.undistort_map(distortion.occulter_centre(frame.date))
    ratio = warp.image(calibration.photometry(frame, assets)) / official
    y, x = np.mgrid[0:1024, 0:1024]
    radius = np.hypot(x - header["CRPIX1"] + 1, y - header["CRPIX2"] + 1) * 56 / header["RSUN"]
    assert (assets.field == ~masked).mean() > 0.999
    for low in range(5, 28):
        ring = (radius >= low) & (radius < low + 1) & assets.field
        assert np.nanmedian(ratio[ring]) == pytest.approx(1.0, abs=0.02)
