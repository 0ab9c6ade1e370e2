"""Header of the product: coordinates, statistics, origin."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1 import header
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.options import Options
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.photometry.photometry import MSB_UNIT


def _header(raw: bytes, **options: bool) -> fits.Header:
    return calibrate(read_frame(raw), load_calibration_set(), Options(**options)).header


def test_the_solar_radius_is_within_a_thousandth_of_the_official_one(shared):
    ours = _header((shared / "c3_level05" / "32082037.fts.gz").read_bytes())
    assert ours["RSUN"] == pytest.approx(985.876146678, rel=1e-3)
    assert (ours["XCEN"], ours["YCEN"]) == pytest.approx((-363.217, -1182.89), abs=6)


@pytest.mark.parametrize(("detector", "filter_", "scale"), [("C3", "Clear", 56.0), ("C2", "Orange", 11.9)])
def test_the_scale_is_that_of_the_telescope_times_the_summing(make_frame, detector, filter_, scale):
    counts = np.full((512, 512), 3000, np.int16)
    cards = {"DETECTOR": detector, "FILTER": filter_, "LEBXSUM": 2, "LEBYSUM": 2}
    found = _header(make_frame(counts, CDELT1=47.6, **cards))
    assert (found["CDELT1"], found["CDELT2"]) == (2 * scale, 2 * scale)


def test_statistics_are_those_of_the_pixels_with_a_value():
    data = np.arange(1, 101, dtype=np.float32).reshape(10, 10) * np.float32(1e-11)
    data[0, 0] = np.nan
    found = fits.Header({"BUNIT": MSB_UNIT})
    header.add_statistics(found, data, np.full((10, 10), 8, np.uint8))
    values = np.arange(2, 101) * 1e-11
    assert (found["DATAZER"], found["DATASAT"]) == (1, 100)
    assert (found["DATAMIN"], found["DATAMAX"]) == pytest.approx((2e-11, 1e-9), abs=0, rel=1e-6)
    assert found["DATAAVG"] == pytest.approx(values.mean(), abs=0, rel=1e-6)
    assert found["DATASIG"] == pytest.approx(values.std(), abs=0, rel=1e-5)
    for level in header.PERCENTILES:
        assert found[f"DATAP{level:02d}"] == pytest.approx(np.percentile(values, level), abs=0, rel=1e-6)


def test_an_image_without_a_value_has_no_statistics():
    found = fits.Header({"BUNIT": MSB_UNIT})
    header.add_statistics(found, np.full((4, 4), np.nan, np.float32), np.zeros((4, 4), np.uint8))
    assert found["DATAZER"] == 16
    assert "DATAMIN" not in found


def test_history_cards_with_tabs_are_kept(make_frame):
    found = _header(make_frame().replace(b"offset_bias.pro 1.24", b"offset_bias.pro\t1.24"))
    assert "offset_bias.pro 1.24" in str(found["HISTORY"])


def test_a_long_misslist_is_kept_whole(make_frame, tmp_path):
    rng = np.random.default_rng(0)
    missing = (rng.random((32, 32)) < 0.3) & ~blocks.never_sent()
    frame = read_frame(make_frame(missing=tuple(map(tuple, np.argwhere(missing)))))
    path = calibrate(frame, load_calibration_set()).write(tmp_path)
    found = fits.getheader(path)
    assert np.array_equal(blocks.parse_misslist(found["MISSLIST"]), missing)
    assert found["NMISSING"] == missing.sum()


def test_every_departure_is_reported(make_frame):
    found = _header(make_frame(), warp=False, vignetting=False)
    assert found["CALOPT"] == "no-vignetting no-warp"
    assert "no-vignetting no-warp" in str(found["HISTORY"])
    assert _header(make_frame())["CALOPT"] == "none"


def test_cards_that_the_product_sets_are_not_copied_from_the_input(make_frame):
    found = _header(make_frame(CALF9="mine", CALERR=5.0, WEIGHTS="mine", CROTA=7.0, TIMEOFF=3.0))
    assert "CALF9" not in found
    assert "WEIGHTS" not in found
    assert "CROTA" not in found
    assert found["TIMEOFF"] == 0
    assert found["CALERR"] < 0.1
