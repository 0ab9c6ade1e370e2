"""Single numbers, those that go into the calibration and those of the header: SolarSoft's by hand, CorKit's, ours."""

from __future__ import annotations

import importlib
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from astropy.io import fits
from astropy.time import Time
from corkit_header import as_corkit_reads
from level05 import BIAS

from corinpaint.lasco.errors import UnsupportedFrameError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1 import product as level1
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.photometry import corkit, exposure
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet

DAY = 52282
CLEAR = 7.43e-8 * (DAY - 50000) + 5.96e-3


@pytest.fixture(scope="module")
def utils():
    return importlib.import_module("corkit.utils")


@pytest.fixture
def empty(monkeypatch, tmp_path, utils):
    """CorKit's data folder, empty."""
    monkeypatch.setattr(utils, "DEFAULT_SAVE_DIR", str(tmp_path / "corkit"))
    return tmp_path / "corkit"


def _corkit_factor(raw_file):
    """CorKit's calibration factor of a file, from the header as it stands."""
    header = as_corkit_reads(raw_file)
    return corkit._corkit_calfactor(header["DETECTOR"])(header)[1]


# Calibration factors

FACTORS = {
    "C3": {"Clear": CLEAR, "Orange": 0.0297, "Blue": 0.0975, "DeepRd": 0.0259, "IR": 0.0887},
    "C2": {"Orange": 4.60403e-7 * DAY + 0.0374116, "Blue": 0.1033, "DeepRd": 0.1033},
}
POLARISERS = {
    "Clear": (1.0, 0.9832, 1.0235),
    "Orange": (1.0, 0.9648, 1.0798),
    "Blue": (1.0, 0.9734, 1.0613),
    "DeepRd": (1.0, 0.9983, 1.0300),
    "IR": (1.0, 0.9833, 1.0288),
}
"""Factors of C3 for +60, 0 and -60 degrees over that of +60; C2 has one for all."""

ALL_FILTERS = [(detector, filter_) for detector in FACTORS for filter_ in FACTORS[detector]]


@pytest.mark.parametrize(("detector", "filter_"), ALL_FILTERS)
def test_the_factors_of_the_filters_agree(make_frame, detector, filter_):
    raw_file = make_frame(DETECTOR=detector, FILTER=filter_)
    by_hand = FACTORS[detector][filter_] * 1e-10
    assert _corkit_factor(raw_file) == pytest.approx(by_hand, abs=0, rel=1e-12)
    assert corkit.calfactor(read_frame(raw_file)) == pytest.approx(by_hand, abs=0, rel=1e-12)


@pytest.mark.parametrize(("detector", "filter_"), ALL_FILTERS)
@pytest.mark.parametrize(("which", "polar"), list(enumerate(("+60 Deg", "0 Deg", "-60 Deg"))))
def test_corkit_does_not_recognise_polarisers_with_a_blank_in_the_header(make_frame, detector, filter_, which, polar):
    raw_file = make_frame(DETECTOR=detector, FILTER=filter_, POLAR=polar)
    plain = FACTORS[detector][filter_] * 1e-10
    by_hand = plain / 0.25256 * (POLARISERS[filter_][which] if detector == "C3" else 1)
    missing = (detector, filter_) in (("C3", "Clear"), ("C2", "DeepRd"))
    assert _corkit_factor(raw_file) == pytest.approx(0 if missing else plain, abs=0, rel=1e-12)
    squeezed = make_frame(DETECTOR=detector, FILTER=filter_, POLAR=polar.replace(" ", ""))
    assert _corkit_factor(squeezed) == pytest.approx(by_hand, abs=0, rel=1e-12)
    assert corkit.calfactor(read_frame(raw_file)) == pytest.approx(by_hand, abs=0, rel=1e-12)


@pytest.mark.parametrize(
    ("filter_", "polar", "official"),
    [("Halpha", "Clear", 0.01055), ("Lens", "Clear", 0.01055), ("Orange", "nd", 4.60403e-7 * DAY + 0.0374116)],
)
def test_rare_positions_of_c2_have_solarsofts_factor(make_frame, filter_, polar, official):
    """SolarSoft's 'nd' never matches the name in upper case; CorKit's does, and its Halpha and Lens are 0.1033."""
    frame = read_frame(make_frame(DETECTOR="C2", FILTER=filter_, POLAR=polar))
    assert corkit.calfactor(frame) == pytest.approx(official * 1e-10, abs=0, rel=1e-9)


def test_the_day_of_the_factor_is_that_of_date_obs(make_frame):
    """SolarSoft uses DATE-OBS, not MID_DATE, which is of the next day when the exposure ends after midnight."""
    frame = read_frame(make_frame(TIME_OBS="23:59:55.000", MID_DATE=DAY + 1, MID_TIME=4.6))
    assert corkit.calfactor(frame) == pytest.approx(CLEAR * 1e-10, abs=0, rel=1e-9)


# Bias

PORTS = {"C2": {"A": 364, "B": 540, "D": 526}, "C3": {"A": 314, "B": 346, "D": 283}}
EPOCHS = {  # first day after the epoch, day that counts as 0, coefficients in rising order
    "C2": [
        (51058, 50079, (470.97732, 0.12792513, -3.6621933e-05)),
        (51819, 51099, (551.67277, 0.091365902, -0.00012637790, 7.4049597e-08)),
        (51915, 51558, (574.5788, 0.019772032)),
        (54792, 51915, (581.81517, 0.019221920, -2.3110489e-06)),
        (55044, 54792, (617.70556, 0.010290491, -6.0131545e-06)),
        (56450, 55044, (619.99733, 0.0059081617, -3.3932229e-7)),
        (57388, 56450, (627.61246, 0.0049003351, -5.3812001e-7)),
        (58571, 57290, (631.20515, 0.0056815108, -1.3439596e-06)),
        (58802, 58578, (651.50189, -0.028926206, 7.8531807e-05, -5.8964538e-08)),
        (99999, 58802, (648.41904, -0.0020514176, 1.8072963e-05)),
    ],
    "C3": [
        (51058, 50072, (322.21639, 0.011775379, 4.4256968e-05, -3.167423e-08)),
        (51697, 51099, (354.50857, 0.062196067, -8.8114799e-05, 5.0505447e-08)),
        (51915, 51558, (369.02719, 0.014994955, -4.0873204e-06)),
        (54792, 51915, (374.11139, 0.010731823, -1.0726207e-06)),
        (55044, 54792, (395.85091, 0.0079344115, -6.2530780e-06)),
        (56170, 55044, (397.52040, 0.0040765192)),
        (56360, 56170, (407.04606, -0.024819780, 0.00011694347)),
        (56478, 56360, (406.01009, 0.0046765547, -9.912626e-7)),
        (56597, 56478, (406.72179, 0.0045780623, -2.3134855e-06)),
        (57024, 56597, (406.77706, 0.0040538719, -1.6571028e-06)),
        (99999, 57024, (408.38117, 0.0027558157, -1.3694218e-07)),
    ],
}


@pytest.mark.slow
@pytest.mark.parametrize("detector", ["C2", "C3"])
@pytest.mark.parametrize("port", "ABCD")
def test_the_bias_of_every_port_agrees_in_every_epoch_and_at_its_ends(utils, make_frame, detector, port):
    frame = read_frame(make_frame(DETECTOR=detector, READPORT=port, FILTER="Orange"))
    ends = [end for end, *_ in EPOCHS[detector][:-1]]
    for day in sorted({50080, 60000, *(end + step for end in ends for step in (-2, -1, 0, 1))}):
        header = frame.header.copy()
        header["MID_DATE"] = day
        if port == "C":
            _, zero, coefficients = next(epoch for epoch in EPOCHS[detector] if day < epoch[0])
            by_hand = sum(c * (day - zero) ** power for power, c in enumerate(coefficients))
        else:
            by_hand = PORTS[detector][port]
        dated = replace(frame, header=header, date=Time(day, format="mjd"))
        assert utils.offset_bias(header) == pytest.approx(by_hand, abs=1e-9)
        held = detector == "C2" and port == "C" and day > 58802  # where CorKit extrapolates a short fit
        assert corkit.offset_bias(dated) == pytest.approx(648.41904 if held else by_hand, abs=1e-9)


def test_an_unknown_port_is_zero_bias_in_corkit_and_refused_here(utils, make_frame):
    raw_file = make_frame(READPORT="Z")
    assert utils.offset_bias(as_corkit_reads(raw_file)) == 0
    with pytest.raises(UnsupportedFrameError):
        corkit.offset_bias(read_frame(raw_file))


def test_the_bias_before_the_first_epoch_of_c3_is_319(make_frame):
    """CorKit has no polynomial there and fails with UnboundLocalError."""
    frame = read_frame(make_frame(drop=("OFFSET",), DATE_OBS="1995/12/20", MID_DATE=50071))
    assert corkit.offset_bias(frame) == 319


# Exposure factor

TABLE = "32082001.fts 1.1 370.0 0 3600.0\n{0} 0.99 377.7 0 8285.6\n32082040.fts 0.9 371.0 0 20000.0\n"


@pytest.fixture
def day_table(empty, tmp_path):
    """Writer of the day's table for CorKit and for us; `row` is the file whose row is nearest in time."""

    def write(row):
        for folder in (empty / "data_anal" / "data" / "0201", tmp_path / "ours"):
            folder.mkdir(parents=True)
            (folder / "c3_expfactor_020108.dat").write_text(TABLE.format(row))
        return CalibrationSet("OFFICIAL", tmp_path / "ours")

    return write


def test_a_frame_with_a_row_in_the_days_table_has_the_same_factor_and_bias(utils, day_table, make_frame):
    calibration = day_table("32082037.fts")
    header, *theirs = utils.get_exp_factor(as_corkit_reads(make_frame()))
    ours = exposure.determine_exposure(read_frame(make_frame()), calibration)
    assert tuple(theirs) == ours[:2] == (0.99, 377.7)
    assert "c3_expfactor_2002-01-08 00:00:00.dat" in str(header["HISTORY"])  # the name of no file
    assert ours.source == "c3_expfactor_020108.dat"


def test_without_a_row_of_its_own_corkit_uses_two_digits_of_a_file_name_as_factor_and_bias(
    utils, day_table, make_frame
):
    calibration = day_table("32082033.fts")
    header, *theirs = utils.get_exp_factor(as_corkit_reads(make_frame()))
    assert tuple(theirs) == (2.0, 0.0)  # the second and the third digit of 32082033
    assert "Bias (371.0)" in str(header["HISTORY"])  # of the last row, which is not the nearest in time
    assert exposure.determine_exposure(read_frame(make_frame()), calibration)[:2] == (0.99, 377.7)


@pytest.mark.usefixtures("empty")
def test_without_a_table_corkit_uses_offset_where_solarsoft_computes_the_polynomial(utils, make_frame):
    _, *theirs = utils.get_exp_factor(as_corkit_reads(make_frame()))
    assert tuple(theirs) == (1, 377.741)
    ours = exposure.determine_exposure(read_frame(make_frame()), load_calibration_set())
    assert ours[:2] == (1, pytest.approx(BIAS))


# Header and file


def test_the_solar_radius_is_that_of_the_distance_at_l1(make_frame):
    day = 52282 - 51544.5
    g = np.radians(357.528 + 0.9856003 * day)
    distance = 0.99 * (1.00014 - 0.01671 * np.cos(g) - 0.00014 * np.cos(2 * g))
    assert calibrate(read_frame(make_frame())).header["RSUN"] == pytest.approx(959.63 / distance, rel=1e-4)
    assert calibrate(read_frame(make_frame())).header["RSUN"] == pytest.approx(985.876146678, rel=3e-4)  # official


def _strmap(missing):
    """IDL: where(rotate(map, 1)), runs as base 32 (mb2strmap.pro): ends past the run, but for the last one."""
    numbers = sorted(column * 32 + 31 - row for row, column in np.argwhere(missing))
    points = [numbers[0]]
    for before, after in pairwise(numbers):
        points += [before + 1, after] if after != before + 1 else []
    digits = "0123456789ABCDEFGHIJKLMNOPQRSTUV"
    return [digits[n // 32] + digits[n % 32] for n in [*points, numbers[-1]]]


MISSING = ((20, 20), (21, 20), (22, 20), (8, 12), (20, 21))


def test_missing_blocks_are_counted(make_frame):
    header = calibrate(read_frame(make_frame(missing=MISSING))).header
    assert header["NMISSING"] == len(MISSING)
    assert calibrate(read_frame(make_frame())).header["MISSLIST"] == "None"


def test_misslist_can_be_read_by_solarsofts_strmap2mb(make_frame):
    """No blanks, and every run but the last ends with the number after it."""
    missing = np.zeros((32, 32), dtype=bool)
    missing[tuple(np.transpose(MISSING))] = True
    assert calibrate(read_frame(make_frame(missing=MISSING))).header["MISSLIST"] == "".join(_strmap(missing))


def test_statistics_are_reduce_statistics2s_of_a_positive_image(make_frame):
    product = calibrate(read_frame(make_frame()))
    header, values = product.header, product.data[np.isfinite(product.data)].astype(np.float64)
    scale = 1.0
    while np.median(values) * scale < 1000:
        scale *= 10
    assert values.min() > 0
    assert header["DATAZER"] == product.data.size - values.size
    assert (header["DATAMIN"], header["DATAMAX"]) == pytest.approx((values.min(), values.max()), abs=0, rel=5e-7)
    assert header["DATAAVG"] == pytest.approx(values.mean(), abs=0, rel=1e-6)
    assert header["DATASIG"] == pytest.approx(values.std(ddof=1), abs=0, rel=1e-5)
    below = np.cumsum(np.bincount((values * scale).astype(int)))
    for per_cent in (1, 10, 25, 50, 75, 90, 95, 98, 99):
        bin_ = int(np.argmax(below > per_cent / 100 * values.size))
        assert header[f"DATAP{per_cent:02d}"] * scale == pytest.approx(bin_, abs=1.001, rel=2e-4)


def test_a_file_scaled_like_solarsofts_reads_as_the_product(make_frame, tmp_path):
    product = calibrate(read_frame(make_frame()))
    scale = 6.5e-9 / 65536
    zero, image = scale * 32769, np.nan_to_num(product.data.astype(np.float64))
    stored = np.where(image != 0, np.rint((np.clip(image, 0, 6.5e-9) - zero) / scale), 0).astype(np.int16)
    hdu = fits.PrimaryHDU(stored)
    hdu.header.update({"LEVEL": "1.0", "BSCALE": scale, "BZERO": zero, "BLANK": -32768})
    hdu.writeto(tmp_path / "35082037.fts")
    back = level1.read_level1(tmp_path / "35082037.fts")
    seen = ~np.isnan(product.data)
    assert np.array_equal(back.masked, ~seen)
    assert np.abs(back.data - product.data)[seen].max() <= 0.51 * scale
