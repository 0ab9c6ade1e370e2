"""The nominal set of C2: its fit on a made-up sky, its files, and what it makes of real frames."""

from __future__ import annotations

import json

import numpy as np
import pytest

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.nominal import c2, c3
from corinpaint.lasco.nominal.derivation import c2 as derivation
from corinpaint.lasco.photometry import optics
from corinpaint.lasco.photometry.corkit import calfactor

C2 = {"DETECTOR": "C2", "FILTER": "Orange", "EXPTIME": 25.1, "OFFSET": 620.0, "CRPIX1": 511.2, "CRPIX2": 507.5}
DEPTH = 0.4


def _truth(radius, angle):
    """Share of the light that passes: two discs, a field stop and a pylon."""
    law = derivation.unobscured_fraction(radius, 420.0, 300.0) * (1 - 0.002 * np.clip(radius - 515, 0, None))
    return law * (1 - DEPTH * c2.pylon_shadow(angle))


def _k_corona(radius):
    return 2.4e-8 * radius**-3.14 + 1.8e-6 * radius**-7.13


@pytest.fixture(scope="module")
def synthetic(make_frame):
    """A C2 frame, a polarised triple and what C3 sees of the same sky, 1.1 times the published F corona."""

    def frame(light, polar):
        cards = {**C2, "POLAR": polar}
        blank = read_frame(make_frame(np.full((1024, 1024), 1000, np.int16), **cards))
        counts = 620 + light / calfactor(blank) * 25.1
        return read_frame(make_frame(counts.clip(1, 16000).round().astype(np.int16), **cards))

    blank = read_frame(make_frame(np.full((1024, 1024), 1000, np.int16), **C2, POLAR="Clear"))
    radius, angle = derivation.sky_coordinates(blank)
    on_detector = [a.astype(float) for a in c2.polar_coordinates(c2.distortion.C2_OCCULTER_CENTRE)]
    passed = _truth(*on_detector)
    f, k = 1.1 * derivation.f_corona(np.maximum(radius, 2), angle), _k_corona(np.maximum(radius, 2))
    polarised = k * np.interp(radius, *derivation.K_POLARISATION)
    turn = {"Clear": None, "+60 Deg": 60, "0 Deg": 0, "-60 Deg": -60}
    frames = {}
    for name, degrees in turn.items():
        # Light polarised along the tangent; the position angle of the polariser runs clockwise on the detector.
        wave = 0 if degrees is None else -np.cos(2 * (np.radians(on_detector[1]) + np.radians(degrees)))
        frames[name] = frame((f + k + polarised * wave) * passed, name)
    r, a = np.meshgrid(4.05 + 0.1 * np.arange(60), 2.0 * np.arange(180) + 1, indexing="ij")
    sky = 1.1 * derivation.f_corona(r, a) + _k_corona(r)
    return sky, frames.pop("Clear"), list(frames.values())


def test_the_fit_finds_a_known_vignetting(synthetic):
    found = derivation.fit(*synthetic)
    beside = _truth(derivation.RINGS, np.zeros(len(derivation.RINGS)))
    wanted = (derivation.RINGS >= derivation.MIN_FIELD_RADIUS) & (derivation.RINGS < 640)
    assert np.abs(found.transmission / beside - 1)[wanted].max() < 0.03
    assert np.abs(found.pylon[wanted] - DEPTH).max() < 0.05
    assert found.scale == pytest.approx(1.1, abs=0.03)


def test_a_set_is_read_as_it_was_written(synthetic, tmp_path):
    found = derivation.fit(*synthetic)
    derivation.write(found, tmp_path)
    vignetting, field = c2.read(tmp_path)
    radius, angle = c2.polar_coordinates(c2.distortion.C2_OCCULTER_CENTRE)
    ring = (radius > 195) & (radius < 640)
    assert vignetting.dtype == np.float32
    assert np.abs(vignetting * _truth(radius.astype(float), angle.astype(float)) - 1)[ring].max() < 0.08
    assert np.array_equal(field, derivation.field_of_view(found.pylon))


def test_three_frames_without_three_polariser_positions_are_refused(synthetic):
    sky, frame, polarised = synthetic
    with pytest.raises(CalibrationError, match="three positions"):
        derivation.fit(sky, frame, [polarised[0], polarised[1], polarised[1]])


def test_frames_of_days_that_do_not_overlap_are_refused(synthetic):
    sky, frame, polarised = synthetic
    with pytest.raises(CalibrationError, match="same days"):
        derivation.fit(np.full_like(sky, np.nan), frame, polarised)


@pytest.fixture(scope="module")
def seen_by_c3(shared):
    frame = read_frame(shared / "c3_level05" / "32219521.fts.gz")
    return derivation.c3_brightness(frame, *c3.read(optics.NOMINAL_DIRECTORY))


def test_the_shipped_set_can_be_derived_again(shared, seen_by_c3):
    table = json.loads((optics.NOMINAL_DIRECTORY / c2.FILES[0]).read_text())
    first, *triple = table["source"].split()
    polarised = [read_frame(shared / "c2_level05_polarised_512" / f"{number}.fts.gz") for number in triple]
    found = derivation.fit(seen_by_c3, read_frame(shared / "c2_level05" / f"{first}.fts.gz"), polarised)
    assert np.allclose(found.transmission, table["transmission"], rtol=2e-3)
    assert np.allclose(found.pylon, table["pylon"], atol=5e-3)


@pytest.mark.parametrize(("number", "sigmas"), [("22322749", 1), ("22460140", 2), ("22493750", 2)])
def test_calibrated_frames_have_the_brightness_of_c3(shared, seen_by_c3, number, sigmas):
    """2010 is the pair that the set was fitted to; 2013 and 2014 are three and four years later, near the maximum."""
    vignetting, _ = c2.read(optics.NOMINAL_DIRECTORY)
    frame = read_frame(shared / "c2_level05" / f"{number}.fts.gz")
    beside = c2.polar_coordinates(c2.distortion.C2_OCCULTER_CENTRE)[1].astype(float)
    radius, angle = derivation.sky_coordinates(frame)
    ours = derivation.uncorrected_brightness(frame) * vignetting
    for low in np.arange(5.0, 7.6, 0.4):
        ring = (radius >= low) & (radius < low + 0.1) & (np.abs(beside - c2.PYLON[0]) > 40)
        theirs = seen_by_c3[round((low - 4) / 0.1), np.minimum(angle[ring] // 2, 179).astype(int)]
        assert np.nanmedian(ours[ring] / theirs) == pytest.approx(1, abs=sigmas * c2.relative_error(low))


@pytest.mark.parametrize("number", ["22322749", "22493750"])
def test_the_shadow_of_the_pylon_is_corrected_on_either_side_of_the_sun(shared, seen_by_c3, number):
    """SOHO was upside down in 2010 and upright in 2014; the shadow takes 35 to 40 % away."""
    frame = read_frame(shared / "c2_level05" / f"{number}.fts.gz")
    shadow = c2.pylon_shadow(derivation.SECTORS) > 0.9
    table = json.loads((optics.NOMINAL_DIRECTORY / c2.FILES[0]).read_text())
    rings = (derivation.RINGS > 450) & (derivation.RINGS < 600)
    behind = (
        derivation.transmission_from_c3(frame, seen_by_c3)[rings][:, shadow]
        / np.array(table["transmission"])[rings, None]
    )
    corrected = behind / (1 - np.array(table["pylon"])[rings, None])
    assert np.nanmedian(behind) < 0.75
    assert np.nanmedian(corrected) == pytest.approx(1, abs=0.12)
