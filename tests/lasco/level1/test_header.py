"""Header of the product: coordinates, statistics, origin."""

from __future__ import annotations

import re
import warnings

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco.errors import OutputError
from corinpaint.lasco.geometry.clock import Clock
from corinpaint.lasco.geometry.observer import soho_observer
from corinpaint.lasco.geometry.pointing import Pointing
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
    given = {"CALF9": "mine", "CALERR": 5.0, "CALADD": 5.0, "WEIGHTS": "mine", "CROTA": 7.0, "TIMEOFF": 3.0}
    found = _header(make_frame(**given, NEXTEND=9, DSATVAL=1.0, **{"DATE-END": "1999"}))
    assert "CALF9" not in found
    assert "WEIGHTS" not in found
    assert found["CROTA"] == found["CROTA2"] != 7.0
    assert "NEXTEND" not in found
    assert found["CALADD"] < 1
    assert found["DSATVAL"] < 1e-6
    assert found["DATE-END"][:4] == "2002"
    assert found["TIMEOFF"] == 0
    assert found["CALERR"] < 0.1


def test_the_cards_of_solarsofts_level_1_are_all_there(shared):
    official = fits.getheader(shared / "c3_level1" / "35082038.fts.gz")
    ours = _header((shared / "c3_level05" / "32082037.fts.gz").read_bytes())
    scaling = {"SIMPLE", "BITPIX", "NAXIS", "NAXIS1", "NAXIS2", "BSCALE", "BZERO", "BLANK", "COMMENT"}
    assert set(official) - set(ours) == scaling
    assert ours["TIME-OBS"] == official["TIME-OBS"] == ""
    assert ours["DATE_OBS"] == ours["DATE-OBS"]


def test_beginning_middle_and_end_of_an_exposure_are_given(make_frame):
    found = _header(make_frame(EXPTIME=19.5, **{"DATE-OBS": "2002/01/08", "TIME-OBS": "23:59:50.250"}))
    dates = [found[f"DATE-{name}"] for name in ("BEG", "AVG", "END")]
    assert dates == ["2002-01-08T23:59:50.250", "2002-01-09T00:00:00.000", "2002-01-09T00:00:09.750"]
    assert found["MJD-OBS"] == found["MJD-BEG"] == pytest.approx(52282.999887153, abs=1e-9)
    assert (found["MJD-AVG"], found["MJD-END"]) == pytest.approx((52283.0, 52283.000112847), abs=1e-9)


def test_an_exposure_across_a_leap_second_is_no_second_too_long(make_frame):
    found = _header(make_frame(EXPTIME=10.0, MID_DATE=54832, **{"DATE-OBS": "2008/12/31", "TIME-OBS": "23:59:55.000"}))
    assert (found["DATE-AVG"], found["DATE-END"]) == ("2008-12-31T23:59:60.000", "2009-01-01T00:00:04.000")


def test_an_image_made_from_several_exposures_gives_no_end_and_no_saturation(make_frame):
    found = _header(make_frame(FILTER="Orange", POLAR="PB"))
    assert found["DATE-BEG"] == found["DATE-OBS"]
    assert not {"DATE-AVG", "DATE-END", "DSATVAL"} & set(found)


def test_saturation_is_that_of_a_pixel_without_vignetting(make_frame):
    found = _header(make_frame(OFFSET=377.7, EXPTIME=19.0))
    assert found["DSATVAL"] == pytest.approx((11000 - found["OFFSET"]) / 19.0 * found["CALFAC"], rel=1e-6)


def test_the_date_is_the_day_of_processing_or_that_of_the_environment(make_frame, monkeypatch):
    monkeypatch.setenv("SOURCE_DATE_EPOCH", "1000000000")
    assert _header(make_frame())["DATE"] == "2001-09-09"
    for value in ("today", "9" * 30, "1e9"):
        monkeypatch.setenv("SOURCE_DATE_EPOCH", value)
        with pytest.raises(OutputError, match=r"SOURCE_DATE_EPOCH.*whole seconds"):
            _header(make_frame())
    monkeypatch.delenv("SOURCE_DATE_EPOCH")
    assert re.fullmatch(r"20\d\d-\d\d-\d\d", _header(make_frame())["DATE"])


def test_figures_have_seven_digits_and_coordinates_what_they_need(shared):
    frame = read_frame(shared / "c3_level05" / "32082037.fts.gz")
    found = calibrate(frame).header
    for key in ("EXPTIME", "OFFSET", "CALFAC", "CALERR", "DSATVAL", "DATAAVG", "DATASIG", "DATAP50", "DATAMIN"):
        assert len(re.sub(r"E.*|\D", "", repr(found[key]).upper()).lstrip("0")) <= 7, f"{key} = {found[key]!r}"
    assert found["MJD-OBS"] == pytest.approx(frame.date.mjd, abs=1e-9)
    assert found["CRPIX1"] == pytest.approx(frame.header["CRPIX1"] + 1, abs=1e-6)


def test_rounding_keeps_seven_significant_digits():
    assert header.significant(6.12955321987e-13) == 6.129553e-13
    assert header.significant(145639855543.21, 10) == 145639855500.0
    assert header.significant(0.0) == 0.0


def test_long_lines_of_history_are_broken_between_words():
    found, words, figure = fits.Header(), " ".join(["word"] * 40), "x" * 100
    header.add_history(found, ["as  it   is", words, figure, ""])
    lines = list(found["HISTORY"])
    assert lines[0] == "as  it   is"
    assert " ".join(lines[1:4]) == words
    assert [len(line) for line in lines[1:]] == [69, 69, 59, 72, 28, 0]


def test_no_card_is_cut_off(make_frame):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        calibrate(read_frame(make_frame(missing=((16, 10),)))).to_bytes()


def test_the_additive_calibration_error_is_in_the_unit_of_the_image(make_frame):
    frame = read_frame(make_frame())
    pointing = Pointing(517.0, 531.0, 0.0, "header")
    origin = header.Provenance(
        *("NOMINAL", MSB_UNIT, 1.0, 377.7, 6e-13, Clock(frame.date, 0.0, None), pointing, 0.0, 0.0, 0.01, (), (), ()),
        observer=soho_observer(frame.date),
        additive_error=1.23456789e-12,
    )
    none = np.zeros((32, 32), dtype=bool)
    found = header.make_header(frame, origin, none, none)
    assert (found["CALERR"], found["CALADD"]) == (0.01, 1.234568e-12)
