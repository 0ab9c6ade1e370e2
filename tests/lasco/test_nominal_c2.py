"""The nominal set of C2: its fit on a made-up sky, its files, and what it makes of real frames."""

from __future__ import annotations

import json
import time

import numpy as np
import pytest

from corinpaint.lasco import assets, nominal, nominal_c2
from corinpaint.lasco.calibration import calfactor
from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.frame import read_frame

C2 = {"DETECTOR": "C2", "FILTER": "Orange", "EXPTIME": 25.1, "OFFSET": 620.0, "CRPIX1": 511.2, "CRPIX2": 507.5}
DEPTH = 0.4


def _truth(radius, angle):
    """Share of the light that passes: two discs, a field stop and a pylon."""
    law = nominal_c2.two_discs(radius, 420.0, 300.0) * (1 - 0.002 * np.clip(radius - 515, 0, None))
    return law * (1 - DEPTH * nominal_c2._shadow(angle))


def _k_corona(radius):
    return 2.4e-8 * radius**-3.14 + 1.8e-6 * radius**-7.13


@pytest.fixture(scope="module")
def made_up(make_frame):
    """A C2 frame, a polarised triple and what C3 sees of the same sky, 1.1 times the published F corona."""

    def frame(light, polar):
        cards = {**C2, "POLAR": polar}
        blank = read_frame(make_frame(np.full((1024, 1024), 1000, np.int16), **cards))
        counts = 620 + light / calfactor(blank) * 25.1
        return read_frame(make_frame(counts.clip(1, 16000).round().astype(np.int16), **cards))

    blank = read_frame(make_frame(np.full((1024, 1024), 1000, np.int16), **C2, POLAR="Clear"))
    radius, angle = nominal_c2.on_sky(blank)
    on_detector = [a.astype(float) for a in nominal_c2._polar(nominal_c2.distortion.C2_OCCULTER_CENTRE)]
    passed = _truth(*on_detector)
    f, k = 1.1 * nominal_c2.f_corona(np.maximum(radius, 2), angle), _k_corona(np.maximum(radius, 2))
    polarised = k * np.interp(radius, *nominal_c2.K_POLARISATION)
    turn = {"Clear": None, "+60 Deg": 60, "0 Deg": 0, "-60 Deg": -60}
    frames = {}
    for name, degrees in turn.items():
        # Light polarised along the tangent; the position angle of the polariser runs clockwise on the detector.
        wave = 0 if degrees is None else -np.cos(2 * (np.radians(on_detector[1]) + np.radians(degrees)))
        frames[name] = frame((f + k + polarised * wave) * passed, name)
    r, a = np.meshgrid(4.05 + 0.1 * np.arange(60), 2.0 * np.arange(180) + 1, indexing="ij")
    sky = 1.1 * nominal_c2.f_corona(r, a) + _k_corona(r)
    return sky, frames.pop("Clear"), list(frames.values())


def test_the_fit_finds_a_known_vignetting(made_up):
    found = nominal_c2.fit(*made_up)
    beside = _truth(nominal_c2.RINGS, np.zeros(len(nominal_c2.RINGS)))
    wanted = (nominal_c2.RINGS >= nominal_c2.RIM) & (nominal_c2.RINGS < 640)
    assert np.abs(found.transmission / beside - 1)[wanted].max() < 0.03
    assert np.abs(found.pylon[wanted] - DEPTH).max() < 0.05
    assert found.scale == pytest.approx(1.1, abs=0.03)


def test_a_set_is_read_as_it_was_written(made_up, tmp_path):
    found = nominal_c2.fit(*made_up)
    nominal_c2.write(found, tmp_path)
    vignetting, field = nominal_c2.read(tmp_path)
    radius, angle = nominal_c2._polar(nominal_c2.distortion.C2_OCCULTER_CENTRE)
    ring = (radius > 195) & (radius < 640)
    assert vignetting.dtype == np.float32
    assert np.abs(vignetting * _truth(radius.astype(float), angle.astype(float)) - 1)[ring].max() < 0.08
    assert np.array_equal(field, nominal_c2.field(found.pylon))


def test_a_triple_that_is_none_is_refused(made_up):
    sky, frame, polarised = made_up
    with pytest.raises(CalibrationError, match="three positions"):
        nominal_c2.fit(sky, frame, [polarised[0], polarised[1], polarised[1]])


def test_frames_of_days_that_do_not_overlap_are_refused(made_up):
    sky, frame, polarised = made_up
    with pytest.raises(CalibrationError, match="same days"):
        nominal_c2.fit(np.full_like(sky, np.nan), frame, polarised)


@pytest.mark.parametrize("damage", ["missing", "cut", "shorter", "dark", "list", "mask"])
def test_a_damaged_set_is_an_error(tmp_path, damage):
    for name in nominal_c2.FILES:
        (tmp_path / name).write_bytes((assets.NOMINAL_DIRECTORY / name).read_bytes())
    path, mask = (tmp_path / name for name in nominal_c2.FILES)
    table = json.loads(path.read_text())
    dark = {**table, "transmission": [0.0] * len(table["radius"])}
    shorter = {**table, "radius": table["radius"][:-1]}
    contents = {"cut": path.read_text()[:40], "shorter": json.dumps(shorter), "dark": json.dumps(dark), "list": "[]"}
    if damage == "missing":
        path.unlink()
    elif damage == "mask":
        mask.write_bytes(mask.read_bytes()[:2880])
    else:
        path.write_text(contents[damage])
    with pytest.raises(CalibrationError, match="nominal C2 set is damaged"):
        nominal_c2.read(tmp_path)


def test_the_shipped_set_is_small_and_quick_to_read():
    assert sum((assets.NOMINAL_DIRECTORY / name).stat().st_size for name in nominal_c2.FILES) < 50_000
    taken = []
    for _ in range(5):
        start = time.perf_counter()
        nominal_c2.read(assets.NOMINAL_DIRECTORY)
        taken.append(time.perf_counter() - start)
    assert min(taken) < 0.1


def test_the_shipped_field_leaves_out_occulter_and_corners_and_keeps_the_rest():
    vignetting, field = nominal_c2.read(assets.NOMINAL_DIRECTORY)
    assert not field[505, 512]
    assert not field[[2, 2, -3, -3], [2, -3, 2, -3]].any()
    assert field[505, 20:320].all()
    assert field[505, 710:1020].all()
    assert field.mean() == pytest.approx(0.87, abs=0.02)
    assert (vignetting >= 1).all()
    assert np.isfinite(vignetting).all()


def test_the_accuracy_is_best_where_c3_sees_the_same_and_worst_at_the_occulter():
    inside, overlap, corner = nominal_c2.accuracy(np.array([2.2, 6.0, 8.5]))
    assert inside > 2 * corner > 2 * overlap > 0


@pytest.fixture(scope="module")
def seen_by_c3(shared):
    frame = read_frame(shared / "c3_level05" / "32219521.fts.gz")
    return nominal_c2.reference(frame, *nominal.read(assets.NOMINAL_DIRECTORY))


def test_the_shipped_set_can_be_made_again(shared, seen_by_c3):
    polarised = [read_frame(path) for path in sorted((shared / "c2_level05_polarised_512").glob("*.fts.gz"))]
    found = nominal_c2.fit(seen_by_c3, read_frame(shared / "c2_level05" / "22322749.fts.gz"), polarised)
    table = json.loads((assets.NOMINAL_DIRECTORY / nominal_c2.FILES[0]).read_text())
    assert np.allclose(found.transmission, table["transmission"], rtol=2e-3)
    assert np.allclose(found.pylon, table["pylon"], atol=5e-3)


@pytest.mark.parametrize(("number", "sigmas"), [("22322749", 1), ("22460140", 2), ("22493750", 2)])
def test_calibrated_frames_have_the_brightness_that_c3_sees(shared, seen_by_c3, number, sigmas):
    """2010 is the pair that the set was fitted to; 2013 and 2014 are three and four years later, near the maximum."""
    vignetting, _ = nominal_c2.read(assets.NOMINAL_DIRECTORY)
    frame = read_frame(shared / "c2_level05" / f"{number}.fts.gz")
    beside = nominal_c2._polar(nominal_c2.distortion.C2_OCCULTER_CENTRE)[1].astype(float)
    radius, angle = nominal_c2.on_sky(frame)
    ours = nominal_c2.uncorrected(frame) * vignetting
    for low in np.arange(5.0, 7.6, 0.4):
        ring = (radius >= low) & (radius < low + 0.1) & (np.abs(beside - nominal_c2.PYLON[0]) > 40)
        theirs = seen_by_c3[round((low - 4) / 0.1), np.minimum(angle[ring] // 2, 179).astype(int)]
        assert np.nanmedian(ours[ring] / theirs) == pytest.approx(1, abs=sigmas * nominal_c2.accuracy(low))


@pytest.mark.parametrize("number", ["22322749", "22493750"])
def test_the_pylon_is_taken_out_whichever_side_of_the_sun_it_is_on(shared, seen_by_c3, number):
    """SOHO was upside down in 2010 and upright in 2014; the shadow takes 35 to 40 % away."""
    frame = read_frame(shared / "c2_level05" / f"{number}.fts.gz")
    shadow = nominal_c2._shadow(nominal_c2.SECTORS) > 0.9
    table = json.loads((assets.NOMINAL_DIRECTORY / nominal_c2.FILES[0]).read_text())
    rings = (nominal_c2.RINGS > 450) & (nominal_c2.RINGS < 600)
    behind = nominal_c2.ratios(frame, seen_by_c3)[rings][:, shadow] / np.array(table["transmission"])[rings, None]
    corrected = behind / (1 - np.array(table["pylon"])[rings, None])
    assert np.nanmedian(behind) < 0.75
    assert np.nanmedian(corrected) == pytest.approx(1, abs=0.12)
