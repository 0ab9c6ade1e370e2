"""`corinpaint calibrate`: Level 1 without fill."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.cli.common import STEPS
from corinpaint.lasco.options import NAMES
from corinpaint.restore.engines import loading


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """No command here may open a network."""
    monkeypatch.setattr(loading, "load", lambda *_: pytest.fail("a network was opened"))


def test_a_frame_is_calibrated_and_its_missing_blocks_are_not_filled(run, frame_path, tmp_path):
    result = run("calibrate", frame_path, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "35082037.fits: nominal calibration, 1 missing block" in result.output
    with fits.open(tmp_path / "out" / "35082037.fits") as hdus:
        refused = hdus["MASK"].data & 16 > 0
        assert refused.sum() > 1024
        assert np.isnan(hdus[0].data[refused]).all()
        assert np.isinf(hdus["UNCERT"].data[refused]).all()


@pytest.mark.slow
def test_the_product_is_that_of_restoring_without_fill(run, frame_path, tmp_path):
    assert run("calibrate", frame_path, "-o", tmp_path / "a").exit_code == 0
    assert run("restore", frame_path, "-o", tmp_path / "b", "--fill", "none").exit_code == 0
    for extension in range(3):
        one, other = (fits.getdata(tmp_path / name / "35082037.fits", extension) for name in "ab")
        assert np.array_equal(one, other, equal_nan=extension != 1)


def test_every_option_of_the_calibration_is_a_flag():
    assert tuple(STEPS) == NAMES


@pytest.mark.slow
@pytest.mark.parametrize("name", STEPS)
def test_every_flag_is_recorded_in_the_product(run, frame_path, tmp_path, name):
    result = run("calibrate", frame_path, "-o", tmp_path / "out", f"--{name}")
    assert result.exit_code == 0, result.output
    assert fits.getheader(tmp_path / "out" / "35082037.fits")["CALOPT"] == name


def test_a_bad_file_does_not_stop_the_others_and_nothing_is_replaced(run, frame_path, tmp_path):
    bad = frame_path.with_name("bad.fts")
    bad.write_text("no FITS")
    words = ("calibrate", bad, frame_path, "-o", tmp_path / "out")
    first = run(*words)
    assert first.exit_code == 1
    assert "bad.fts: not a FITS file" in first.stderr
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["35082037.fits"]
    again = run(*words)
    assert again.exit_code == 1
    assert again.stdout == ""
    assert "2 frames: 1 there already, 1 failed; " in again.stderr


def test_a_tree_of_days_is_calibrated_once(run, frame_path, tmp_path):
    frame_path.rename(tmp_path / "32082037.fts")
    day = frame_path.parent / "020108" / "c3"
    day.mkdir(parents=True)
    (tmp_path / "32082037.fts").rename(day / "32082037.fts")
    for output in ("020108/c3/35082037.fits: nominal calibration", ""):
        result = run("calibrate", frame_path.parent, "-o", tmp_path / "out")
        assert result.exit_code == 0, result.output
        assert output in result.stdout
    assert "1 there already" in result.stderr
    assert run("calibrate", frame_path.parent, "-o", tmp_path / "out", "--no-warp", "--stale", "fail").exit_code == 1
    assert run("calibrate", frame_path.parent, "-o", tmp_path / "out", "--no-warp", "--layout", "flat").exit_code == 0


def test_a_c2_frame_is_calibrated_too(run, make_frame, tmp_path):
    path = tmp_path / "22082037.fts"
    path.write_bytes(make_frame(DETECTOR="C2", FILTER="Orange", POLAR="+60 Deg"))
    result = run("calibrate", path, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    header = fits.getheader(tmp_path / "out" / "25082037.fits")
    assert header["CALFAC"] == pytest.approx((4.60403e-07 * 52282 + 0.0374116) / 0.25256 * 1e-10, abs=0, rel=1e-6)
