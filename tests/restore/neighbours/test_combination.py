"""What frames of another kind show of a frame, each by itself and together."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore.neighbours.combination import Neighbour, combined, comparable
from corinpaint.restore.neighbours.kinds import Rank

C2 = {"DETECTOR": "C2", "FILTER": "Orange", "LEBXSUM": 2, "LEBYSUM": 2, "CRPIX1": 256.1, "CRPIX2": 254.25}
HOLE = (slice(320, 352), slice(320, 352))


@pytest.fixture(scope="module")
def corona():
    """What each position shows of a corona whose structures are polarised, and the rest not."""
    rows, columns = np.mgrid[0:512, 0:512].astype(float)
    angle, radius = np.arctan2(rows - 253.25, columns - 255.1), np.hypot(rows - 253.25, columns - 255.1)
    structure = 0.1 * np.sin(radius / 2.5)

    def shows(degrees):
        return 4000 * (1 + structure * (1 - 0.6 * np.cos(2 * (angle + np.radians(degrees)))))

    return {"0 Deg": shows(0), "+60 Deg": shows(60), "-60 Deg": shows(-60)}


@pytest.fixture(scope="module")
def observed(make_frame, corona):
    def observed(polar, **cards):
        raw = make_frame(corona[polar].round().astype(np.int16), POLAR=polar, **C2, **cards)
        return calibrate_on_detector(read_frame(raw), load_calibration_set())

    return observed


def neighbour(seen, hours):
    return Neighbour(seen.frame, hours, Rank.OTHER_POSITION, seen.brightness, seen.observed, seen.saturated)


def test_two_other_positions_show_more_together_than_their_mean(observed):
    truth, holed = observed("0 Deg"), observed("0 Deg", missing=((10, 10),))
    others = [neighbour(observed("+60 Deg"), 0.06), neighbour(observed("-60 Deg"), -0.06)]
    image, known, scale = combined(holed, others)
    (alone, _, _) = combined(holed, others[:1])
    assert known[HOLE].all()
    assert scale == pytest.approx(1, abs=0.1)
    errors = [np.median(np.abs(each - truth.brightness)[HOLE] / truth.brightness[HOLE]) for each in (image, alone)]
    assert errors[0] < 0.5 * errors[1]


def test_a_pixel_that_one_of_them_observed_is_known(observed):
    holed = observed("0 Deg", missing=((10, 10),))
    others = [neighbour(observed("+60 Deg", missing=((10, 10),)), 0.06), neighbour(observed("-60 Deg"), -0.06)]
    image, known, _ = combined(holed, others)
    assert known[HOLE].all()
    assert np.isfinite(image[HOLE]).all()


def test_only_what_both_observed_above_zero_is_compared(observed):
    holed, other = observed("0 Deg", missing=((10, 10),)), observed("+60 Deg")
    image = other.brightness.copy()
    image[400, 300] = -1
    found = comparable(holed, image, other.observed)
    assert not found[HOLE].any()
    assert not found[400, 300]
    assert found[400, 310]


def test_history_gets_number_and_kind(observed):
    assert neighbour(observed("+60 Deg"), 0.1).kind.endswith("(C2 ORANGE/+60DEG)")


@pytest.mark.slow
def test_real_triplets_show_what_a_hole_hides_better_together(shared):
    names = ("22468222", "22468223", "22468224")
    plus, zero, minus = (
        calibrate_on_detector(
            read_frame(shared / "c2_level05_polarised_512" / f"{name}.fts.gz"), load_calibration_set()
        )
        for name in names
    )
    emptied = zero.frame.data.copy()
    emptied[320:384, 352:416] = 0
    holed = calibrate_on_detector(replace(zero.frame, data=emptied), load_calibration_set())
    hole = holed.hole(holed.missing) & zero.observed
    others = [neighbour(plus, 0.06), neighbour(minus, -0.06)]
    noise = np.sqrt(zero.variance[hole])
    errors = [
        np.median(np.abs(combined(holed, some)[0] - zero.brightness)[hole] / noise) for some in (others, others[:1])
    ]
    assert errors[0] < 0.8 * errors[1]
