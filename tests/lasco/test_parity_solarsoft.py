"""The product against SolarSoft's formulas, written here a second time (reduce_level_1 1.68, c3_calibrate 1.54).

Tolerances: on the detector grid 2e-7 relative plus one unit in the last place of float32 of the stray light; after the
distortion 5e-4 relative (SolarSoft's map is linear in triangles of 32 px), and 1e-6 with the option ``solarsoft-grid``.
"""

from __future__ import annotations

from datetime import datetime
from functools import cache

import numpy as np
import pytest
from astropy.io import fits
from official_tree import save_file
from scipy import ndimage
from scipy.interpolate import LinearNDInterpolator

from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1 import product as level1
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.options import parse
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set

Y, X = np.mgrid[0:1024, 0:1024] / 1024.0
STRAY_LIGHT = 3e-12
ULP = float(np.spacing(np.float32(STRAY_LIGHT * 1.5)))
LEAP_SECONDS = [
    ("19960101", 30),
    ("19970701", 31),
    ("19990101", 32),
    ("20060101", 33),
    ("20090101", 34),
    ("20120701", 35),
]
TT_MINUS_TAI = 32.184
"""The times in the star-fit tables run ahead of TAI by this (adjust_hdr_tcr.pro 1.12)."""


def _smooth(seed, low, high):
    """A random smooth image between two values."""
    rng = np.random.default_rng(seed)
    waves = sum(np.cos(rng.uniform(1, 6, 2) @ np.array([X.ravel(), Y.ravel()]) + rng.uniform(0, 6)) for _ in range(4))
    waves = (waves - waves.min()) / np.ptp(waves)
    return (low + (high - low) * waves.reshape(1024, 1024)).astype(np.float32)


def _mask():
    """Field of view of C3: a disc without occulter and pylon."""
    x, y = X * 1024 - 517, Y * 1024 - 532
    radius = np.hypot(x, y)
    return ((radius > 70) & (radius < 480) & ~((np.abs(x + y) < 15) & (x < 0))).astype(np.float32)


IMAGES = {
    "c3vig_preint_final.fts": _smooth(1, 0.9, 2.0),
    "c3vig_postint_final.fts": _smooth(2, 0.9, 2.0),
    "C3ramp.fts": _smooth(3, STRAY_LIGHT / 2, STRAY_LIGHT * 1.4),
    "c3_cl_mask_lvl1.fts": _mask(),
    "c2vig_final.fts": _smooth(4, 1.0, 3.0) * np.where(np.hypot(X - 0.5, Y - 0.5) < 0.1, -1, 1).astype(np.float32),
}
EXPOSURES = "32082036.fts 1.1 370.0 0 3600.0\n32082037.fts 0.996987 377.7 0 8285.6\n32082039.fts 0.98 377.2 0 16000.0\n"
CLOCK = "title\ntitle\n50600 0 0 0 5.5\n50620 43200000 0 0 6.5\n52280 0 0 0 7.0\n52290 0 0 0 9.0\n"
STAR_FITS = {  # of a day: hours, sun centre, roll
    "pre": ("19970615", [0.0, 24.0], [516.0, 517.2], [531.0, 530.1], [-0.4, -0.3]),
    "post": ("20020108", [0.0, 24.0], [517.9, 518.9], [532.6, 531.9], [-0.2, -0.3]),
}


def _tai(date):
    """Seconds since 1958, with the leap seconds of the table."""
    leap = [seconds for day, seconds in LEAP_SECONDS if datetime.strptime(day, "%Y%m%d") <= date][-1]
    return (date - datetime(1958, 1, 1)).total_seconds() + leap


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """Official files with random smooth content."""
    path = tmp_path_factory.mktemp("official")
    for name, image in IMAGES.items():
        fits.PrimaryHDU(image).writeto(path / name)
    (path / "c3_expfactor_020108.dat").write_text(EXPOSURES)
    (path / "c2_time_offsets.dat").write_text(CLOCK)
    for when, (day, hours, x, y, roll) in STAR_FITS.items():
        tai = _tai(datetime.strptime(day, "%Y%m%d")) + TT_MINUS_TAI + np.array(hours) * 3600
        for camera in ("c2", "c3"):
            table = save_file(c_tai=tai, c_xmed=x, c_ymed=y, c_rmed=roll)
            (path / f"{camera}_{when}_recovery_adj_xyr_medv2.sav").write_bytes(table)
    return load_calibration_set(path)


# SolarSoft, step by step


def _rebin(image, sum_):
    return image.reshape(1024 // sum_, sum_, 1024 // sum_, sum_).mean(axis=(1, 3), dtype=np.float64)


FACTORS = {
    "Clear": {"0Deg": 0.9832, "-60Deg": 1.0235},
    "Orange": {"0Deg": 0.9648, "-60Deg": 1.0798},
}


def _factor(camera, filter_, polar, mjd, sums):
    if camera == "C2":
        factor = 4.60403e-07 * mjd + 0.0374116
    else:
        factor = 7.43e-8 * (mjd - 50000) + 5.96e-3 if filter_ == "Clear" else 0.0297
    if "Deg" in polar:
        factor = factor / 0.25256 * (FACTORS[filter_].get(polar, 1.0) if camera == "C3" else 1.0)
    return factor / sums * 1e-10


def _bias(camera, mjd):
    """Bias of a read-out (offset_bias.pro), which SolarSoft computes where there is no table."""
    if camera == "C2":
        return 581.81517 + 0.019221920 * (mjd - 51915) - 2.3110489e-06 * (mjd - 51915) ** 2
    if mjd < 51000:
        days = mjd - 50072
        return 322.21639 + 0.011775379 * days + 4.4256968e-05 * days**2 - 3.167423e-08 * days**3
    return 374.11139 + 0.010731823 * (mjd - 51915) - 1.0726207e-6 * (mjd - 51915) ** 2


def _solarsoft(counts, case):
    """Brightness on the detector grid, float64."""
    camera, filter_, polar = case.get("DETECTOR", "C3"), case.get("FILTER", "Clear"), case.get("POLAR", "Clear")
    polar = polar.replace(" ", "")
    chip, leb = case.get("SUMCOL", 1), case.get("LEBXSUM", 1)
    counts = counts.astype(np.float64)
    if chip * leb > 1:
        counts = np.where(counts < 0, counts + 65536, counts)
    if "R1COL" in case:
        whole = np.zeros((1024, 1024))
        whole[case["R1ROW"] - 1 : case["R2ROW"], case["R1COL"] - 20 : case["R2COL"] - 19] = counts
        counts = whole
    mjd = case.get("MID_DATE", 52282)
    factor, bias = (0.996987, 377.7) if (camera, mjd) == ("C3", 52282) else (1.0, _bias(camera, mjd) * leb**2)
    monthly, product = case.get("FILEORIG") == "0", polar in "PB TI UP JY JZ Qs Us Qt Jr Jt".split()
    if monthly or product:
        bias = 0.0
    if camera == "C2":
        vignetting = np.clip(IMAGES["c2vig_final.fts"], 0, 100)
    else:
        vignetting = IMAGES[f"c3vig_{'pre' if mjd < 51000 else 'post'}int_final.fts"]
    image = (counts - bias) / (19.1 * factor) * _rebin(vignetting, chip * leb)
    image = image * _factor(camera, filter_, polar, mjd, (chip * leb) ** 2)
    if camera == "C3" and (monthly or (filter_ == "Clear" and not product)):
        image = image - _rebin(IMAGES["C3ramp.fts"], chip * leb)
    return image


@cache
def _places(camera, sum_, centre, diagonal=1):
    """Where SolarSoft's map takes each pixel from: triangles between control points, 32 px apart.

    The squares have two diagonals, between which triangulations are free; a slight shear decides.
    """
    c = {"C2": (0.0051344125, -0.00012233862, 1.0978595e-7), "C3": (-0.0151657, 0.000165455, 0.0)}[camera]
    x, y = (grid.ravel() / sum_ for grid in np.meshgrid(np.arange(0, 1025, 32.0), np.arange(0, 1025, 32.0)))
    xc, yc = centre[0] / sum_, centre[1] / sum_
    r = sum_ * np.hypot(x - xc, y - yc)
    mm = 0.021 * r
    r0 = (r + mm * (c[0] + c[1] * mm**2 + c[2] * mm**4) / 0.021) / sum_
    theta = np.arctan2(y - yc, x - xc)
    there = np.column_stack([r0 * np.sin(theta) + yc, r0 * np.cos(theta) + xc])
    linear = LinearNDInterpolator(np.column_stack([x + diagonal * 1e-4 * y, y]), there)
    row, column = np.mgrid[0 : 1024 // sum_, 0 : 1024 // sum_].astype(float)
    return np.moveaxis(linear(column + diagonal * 1e-4 * row, row), -1, 0)


def _warped(image, case, diagonal=1):
    camera = case.get("DETECTOR", "C3")
    before, after = (516.527, 529.685), (516.456, 531.132)
    centre = (512.634, 505.293) if camera == "C2" else before if case.get("MID_DATE") == 50614 else after
    places = _places(camera, 1024 // image.shape[0], centre, diagonal)
    return ndimage.map_coordinates(image, places, order=1, mode="nearest")


# Frames


def _counts(case):
    """Whole counts of a smooth corona, summed and wrapped as asked."""
    above = 5.5e5 / (np.hypot(X * 1024 - 517, Y * 1024 - 532) + 60) + 300 * X + 900
    chip, leb = case.get("SUMCOL", 1), case.get("LEBXSUM", 1)
    sum_ = chip * leb
    summed = np.round(_rebin(above, sum_) * sum_**2 + _bias("C3", 52283) * leb**2)
    if case.get("FILEORIG") == "0" or case.get("POLAR", "")[:2] in ("PB", "Qs"):
        return (_smooth(9, 300, 900) - (400 if case.get("POLAR") == "Qs" else 0)).astype(np.float32)
    if "R1COL" in case:
        summed = summed[case["R1ROW"] - 1 : case["R2ROW"], case["R1COL"] - 20 : case["R2COL"] - 19]
    return summed.astype(np.uint16).view(np.int16) if sum_ > 1 else summed.astype(np.int16)


NEXT_DAY = {"DATE_OBS": "2002/01/09", "MID_DATE": 52283}  # without a table of exposure factors
EARLY = {"DATE_OBS": "1997/06/15", "MID_DATE": 50614}
C2 = {"DETECTOR": "C2", "FILTER": "Orange", "CRPIX1": 510.2, "CRPIX2": 506.5}
SUMMED = {"CRPIX1": 258.7, "CRPIX2": 266.1}
CASES = {
    "C3 Clear": {},
    "C3 Clear before 1998": EARLY,
    "C3 Orange": {"FILTER": "Orange"},
    "C3 Orange before 1998": {"FILTER": "Orange", **EARLY},
    **{f"C3 {f} {p}": {"FILTER": f, "POLAR": p} for f in FACTORS for p in ("+60 Deg", "0 Deg", "-60 Deg")},
    "C2 Orange": C2,
    "C2 Orange polarised": {**C2, "POLAR": "-60 Deg"},
    "summed on board": {"LEBXSUM": 2, "LEBYSUM": 2, **SUMMED, **NEXT_DAY},
    "summed on the chip": {"SUMCOL": 2, "SUMROW": 2, **SUMMED},
    "subfield": {"R1COL": 148, "R1ROW": 129, "R2COL": 915, "R2ROW": 896, "CRPIX1": 390.0, "CRPIX2": 404.6},
    "monthly": {"FILEORIG": "0"},
    "polarisation product PB": {"FILTER": "Orange", "POLAR": "PB"},
    "polarisation product Qs": {"FILTER": "Orange", "POLAR": "Qs"},
}


@pytest.fixture(params=CASES)
def case(request):
    return CASES[request.param]


def _apart(ours, theirs, valid):
    """Largest relative difference; in images that may be negative relative to the usual value, if that is larger."""
    ours, theirs = ours[valid], theirs[valid]
    usual = np.median(np.abs(theirs)) * (theirs.min() < 0)
    return float((np.abs(ours - theirs) / np.maximum(np.abs(theirs), usual)).max())


def _inside(product):
    """Away from the edges of frame and masks."""
    return ndimage.binary_erosion(np.isfinite(product.data), iterations=4)


def test_brightness_on_the_detector_grid_is_solarsofts_to_float32(make_frame, folder, case):
    counts = _counts(case)
    ours, theirs = (
        calibrate_on_detector(read_frame(make_frame(counts, **case)), folder).brightness,
        _solarsoft(counts, case),
    )
    known = np.isfinite(ours)  # where no light passes, SolarSoft has 0 and we have nothing
    assert not theirs[~known].any()
    assert (np.abs(ours - theirs) <= 2e-7 * np.abs(theirs) + ULP)[known].all()
    assert np.ptp(theirs) > 1e-12


def test_the_counts_of_the_summed_frames_have_wrapped():
    assert _counts(CASES["summed on board"]).max() > 30000
    assert _counts(CASES["summed on board"]).min() < 0


@pytest.mark.slow
def test_brightness_of_the_product_is_solarsofts_within_a_twentieth_of_a_per_cent(make_frame, folder, case):
    counts = _counts(case)
    product = calibrate(read_frame(make_frame(counts, **case)), folder)
    theirs = _solarsoft(counts, case)
    inside = _inside(product)
    assert inside.mean() > 0.5
    for diagonal in (1, -1):
        assert _apart(product.data, _warped(theirs, case, diagonal), inside) < 5e-4
    assert _apart(product.data, theirs, inside) > 5e-3  # the distortion is felt


@pytest.mark.slow
def test_with_solarsofts_grid_the_product_is_solarsofts_to_float32(make_frame, folder, case):
    counts = _counts(case)
    product = calibrate(read_frame(make_frame(counts, **case)), folder, parse(["solarsoft-grid"]))
    assert _apart(product.data, _warped(_solarsoft(counts, case), case), _inside(product)) < 1e-6


def test_the_mask_is_applied_after_the_distortion_was_corrected(make_frame, folder):
    product = calibrate(read_frame(make_frame(_counts({}))), folder)
    assert np.array_equal(product.mask & level1.Flag.OCCULTED > 0, IMAGES["c3_cl_mask_lvl1.fts"] == 0)
    assert np.isnan(product.data[IMAGES["c3_cl_mask_lvl1.fts"] == 0]).all()


@pytest.mark.slow
@pytest.mark.parametrize("roll", [3.0, -7.5, 174.0])
def test_a_rolled_frame_is_solarsofts_rotation_of_the_corrected_image(make_frame, folder, roll):
    """SolarSoft interpolates twice, we once."""
    cards = {"CROTA1": roll, **NEXT_DAY}
    product = calibrate(read_frame(make_frame(_counts({}), **cards)), folder)
    theirs = _warped(_solarsoft(_counts({}), cards), cards)
    xc, yc, angle = 517.956, 532.632, roll - 0.23
    if abs(roll) > 170:
        theirs, xc, yc, angle = theirs[::-1, ::-1], 1023 - xc, 1023 - yc, angle - 180
    dx, dy, turn = X * 1024 - xc, Y * 1024 - yc, np.radians(angle)
    column, row = xc + dx * np.cos(turn) + dy * np.sin(turn), yc - dx * np.sin(turn) + dy * np.cos(turn)
    theirs = ndimage.map_coordinates(theirs, [row, column], order=1, cval=0)
    assert _apart(product.data, theirs, _inside(product)) < 5e-4
    assert (product.header["CROTA1"], product.header["CROTA2"]) == (0, 0)
    assert product.header["RECTIFY"] == pytest.approx(angle + 180 * (abs(roll) > 170))


# Header


def _adjusted(day, seconds, mjd, when):
    """Corrected time of day, sun centre and roll of a full frame (adjust_all_date_obs, adjust_hdr_tcr)."""
    lines = np.array([line.split() for line in CLOCK.splitlines()[2:]], dtype=float)
    offset = np.interp(mjd + seconds / 86400, lines[:, 0] + lines[:, 1] / 86400000, lines[:, 4])
    start, hours, *columns = STAR_FITS[when]
    assert start == day
    hour = (seconds - offset) / 3600
    return seconds - offset, [float(np.interp(hour, hours, column)) for column in columns]


@pytest.mark.parametrize(
    ("cards", "day", "mjd", "when"),
    [({}, "20020108", 52282, "post"), (EARLY, "19970615", 50614, "pre"), (C2, "20020108", 52282, "post")],
)
@pytest.mark.parametrize("crota", [0.0, 180.0])
def test_time_sun_centre_roll_and_scale_are_solarsofts(make_frame, folder, cards, day, mjd, when, crota):
    cards = {**cards, "CROTA1": crota}
    header = calibrate(read_frame(make_frame(_counts(cards), **cards)), folder).header
    second, (x, y, roll) = _adjusted(day, 8285.594, mjd, when)
    if crota == 180:
        x, y = 1023 - x, 1023 - y
    clock = datetime.fromisoformat(header["DATE-OBS"]) - datetime.strptime(day, "%Y%m%d")
    assert clock.total_seconds() == pytest.approx(second, abs=1e-3)
    assert (header["CRPIX1"], header["CRPIX2"]) == pytest.approx((x + 1, y + 1), abs=1e-3)
    scale = 11.9 if cards.get("DETECTOR") == "C2" else 56.0
    assert (header["CDELT1"], header["CDELT2"], header["CRVAL1"], header["CRVAL2"]) == (scale, scale, 0, 0)
    assert header["XCEN"] == pytest.approx(scale * (512.5 - x - 1), abs=0.1)
    if crota == 0:
        assert header["CROTA1"] == header["CROTA2"] == pytest.approx(roll, abs=1e-3)
        assert header["RECTIFY"] == 0


def test_star_fits_are_interpolated_32_184_seconds_after_tai(make_frame, folder):
    """SolarSoft adds this to TAI before it looks into the table, whose times run ahead by it."""
    header = calibrate(read_frame(make_frame(_counts({}))), folder).header
    _, (x, y, _) = _adjusted("20020108", 8285.594, 52282, "post")
    assert (header["CRPIX1"], header["CRPIX2"]) == pytest.approx((x + 1, y + 1), abs=1e-5)


def test_the_sun_centre_of_a_summed_frame_is_a_quarter_of_its_pixel_lower_than_solarsofts(make_frame, folder):
    """SolarSoft divides the centre by the summing; the centre of a sum of 2 x 2 is half a CCD pixel further."""
    cards = CASES["summed on board"]
    header = calibrate(read_frame(make_frame(_counts(cards), **cards)), folder).header
    assert (header["CRPIX1"], header["CDELT1"]) == pytest.approx((2 * 258.7 / 2 + 1 - 0.25, 112.0))


def test_calibrating_does_not_change_the_frame(make_frame, folder):
    frame = read_frame(make_frame(_counts({})))
    first, again = calibrate(frame, folder), calibrate(frame, folder)
    assert frame.exptime == 19.1
    assert np.array_equal(first.data, again.data, equal_nan=True)
