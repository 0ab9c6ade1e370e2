"""Exposures that contradict their headers."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.simulation.scene import simulate


@pytest.fixture(scope="module")
def simulated():
    return simulate(3, missing=0, cme=False).frame


def _changed(frame, light=1.0, **cards):
    """The frame with less light, and other cards."""
    bias, header = float(frame.header["OFFSET"]), frame.header.copy()
    header.update(cards)
    counts = np.where(frame.data > 0, np.rint(bias + light * (frame.data - bias)), 0)
    return replace(frame, data=counts.astype(np.float32), header=header)


def _observed(frame):
    return calibrate_on_detector(frame, load_calibration_set())


@pytest.mark.slow
def test_a_simulated_exposure_is_what_its_header_says(simulated):
    assert _observed(simulated).warnings == ()
    assert _observed(simulated).anomaly_error == 0


def test_a_frame_with_a_sixth_of_the_light_is_named_and_its_uncertainty_raised(simulated):
    dim = _changed(simulated, 1 / 6)
    observed = _observed(dim)
    assert "of the usual" in observed.warnings[0]
    assert "behind the occulter" in observed.warnings[1]
    product = calibrate(dim)
    assert product.warnings == observed.warnings
    assert sum("Warning: the " in str(line) for line in product.header["HISTORY"]) == 2
    seen = (product.mask & ~np.uint8(8)) == 0
    truth = calibrate(simulated).data
    assert (np.abs(product.data - truth)[seen] <= 1.3 * product.uncertainty[seen]).mean() > 0.95


def test_a_dark_frame_is_named_and_no_value_of_it_is_certain(simulated):
    observed = _observed(_changed(simulated, 0.0))
    assert "dark" in observed.warnings[0]
    assert observed.anomaly_error == 100


@pytest.mark.parametrize(("parts", "named"), [((17.0, 2.1), False), ((3.0, 2.1), True), ((0.0, 0.0), False)])
def test_the_exposure_time_is_held_against_its_parts(simulated, parts, named):
    frame = _changed(simulated, EXPTIME=19.1, EXP0=parts[0], EXP3=parts[1])
    texts = [text for text in _observed(frame).warnings if "EXP0 + EXP3 = 5.1" in text]
    assert bool(texts) == named


def test_images_made_from_several_exposures_are_not_compared(make_frame):
    image = np.full((1024, 1024), 3.5, np.float32)
    assert _observed(read_frame(make_frame(image, FILEORIG="0"))).warnings == ()


@pytest.mark.slow
def test_of_the_real_frames_only_the_one_with_a_wrong_exposure_is_named(shared):
    named = []
    for path in sorted(shared.glob("c[23]_level05*/*.fts.gz"))[::6]:
        frame = read_frame(path)
        if _observed(frame).warnings:
            named.append(frame.number)
    assert set(named) <= {"32108414"}


def test_the_frame_whose_stars_have_a_fifth_of_their_light_is_named(shared):
    path = shared / "c3_level05" / "32108414.fts.gz"
    if not path.exists():
        pytest.skip("the frame is not there")
    observed = _observed(read_frame(path))
    assert len(observed.warnings) == 2
    assert observed.anomaly_error > 3
