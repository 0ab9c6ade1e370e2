"""The response of the pixels from frames of several days."""

from __future__ import annotations

import io
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.io import fits
from astropy.time import Time

from corinpaint.lasco.level05.frame import FRAME_SHAPE
from corinpaint.lasco.nominal.derivation import pixel_response as derivation
from corinpaint.lasco.nominal.derivation.pixel_response import Measurement, Sample, sample, scatter, to_bytes

DAYS = ("2010-01-05", "2012-03-01", "2014-06-25")
NOISE = 0.01
PATTERN = np.random.default_rng(1).normal(0, 0.01, FRAME_SHAPE)


def a_frame(day: str, seed: int, star: tuple[int, int] | None = None) -> SimpleNamespace:
    """A corona that falls off outwards, in a camera with a pattern and noise; 1e-9 MSB."""
    rng = np.random.default_rng(seed)
    rows, columns = np.indices(FRAME_SHAPE)
    corona = 1e-9 * (1.5 + np.sin(rows / (100 + seed)) * np.cos(columns / 90) / 2)
    image = corona * (1 + PATTERN) * (1 + NOISE * rng.normal(size=FRAME_SHAPE))
    if star is not None:
        image[star] += 5e-9
    known = np.ones(FRAME_SHAPE, dtype=bool)
    known[480:540, 480:540] = False
    frame = SimpleNamespace(detector="C2", date=Time(f"{day}T01:00:00"), name=f"{day}.fts")
    return SimpleNamespace(frame=frame, brightness=image, variance=(NOISE * corona) ** 2, observed=known)


@pytest.fixture(scope="module")
def samples() -> list[Sample]:
    return [sample(a_frame(day, number, (100, 100 + number))) for number, day in enumerate(DAYS)]


@pytest.fixture(scope="module")
def measurement(samples) -> Measurement:
    return Measurement(samples)


@pytest.mark.slow
def test_the_pattern_is_found(measurement):
    found = measurement.response()
    assert np.corrcoef(found[:400].ravel(), PATTERN[:400].ravel())[0, 1] > 0.8
    assert not found[500:520, 500:520].any()


@pytest.mark.slow
def test_a_star_of_one_day_leaves_nothing(measurement):
    assert np.abs(measurement.response()[100, 100:103]).max() < 0.05


@pytest.mark.slow
def test_a_day_can_be_left_out_and_what_is_left_knows_its_pixels(measurement, samples):
    assert measurement.days == DAYS
    without = measurement.response([DAYS[0]])
    assert not np.array_equal(without, measurement.response())
    assert not measurement.response(DAYS).any()
    before, after = scatter(samples[0], without, (300, 400))
    assert before == pytest.approx(2**0.5, rel=0.05)
    assert after == pytest.approx(1.5**0.5, rel=0.05)  # its own noise, and that of a map of two days


@pytest.mark.slow
def test_a_map_names_its_days_and_files(measurement):
    with fits.open(io.BytesIO(to_bytes(measurement))) as hdus:
        assert np.allclose(hdus[1].data, measurement.response(), atol=derivation.UNIT)
        assert (hdus[1].header["DETECTOR"], hdus[1].header["NDAYS"]) == ("C2", 3)
        assert all(day in str(hdus[1].header["HISTORY"]) for day in DAYS)


@pytest.mark.slow
def test_few_frames_of_a_day_are_used_and_spread_over_it(samples):
    many = [samples[0]] * 5 + [samples[1]] * 20
    assert len(list(derivation._spread(many))) == 5 + derivation.MOST_A_DAY


@pytest.mark.slow
def test_the_script_leaves_too_few_days_alone(tmp_path, caplog):
    (tmp_path / "32082038.fts").write_bytes(b"no FITS file")
    derivation.main([str(tmp_path), "-o", str(tmp_path)])
    assert "0 days are too few" in caplog.text
    assert not list(tmp_path.glob("*.fits"))
