"""The fill from context frames."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from problems import UNIT, worst
from problems import problem as posed

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1 import product as level1
from corinpaint.restore import pipeline
from corinpaint.restore.context import Context
from corinpaint.restore.methods import temporal

MISSING = ((12, 20), (12, 21))


def corona(rows: np.ndarray, columns: np.ndarray) -> np.ndarray:
    """Fine rays that no smooth surface can guess."""
    angle = np.arctan2(rows - 532, columns - 518)
    return 100 / (np.hypot(rows - 532, columns - 518) + 60) * (1 + 0.2 * np.sin(60 * angle))


def _context(image: np.ndarray, hours: float = 0.2, observed: np.ndarray | None = None) -> Context:
    seen = np.ones(image.shape, dtype=bool) if observed is None else observed
    return Context(f"{hours}", hours, image.astype(np.float32), seen, 1.0)


def test_what_did_not_change_is_taken_from_the_frames_before():
    problem, truth = posed(corona, MISSING)
    filled = temporal.temporal()(replace(problem, context=(_context(truth),)))
    assert worst(filled, truth, problem) < 0.02


def test_the_frames_that_are_taken_from_are_the_two_nearest_that_observed_a_pixel_around_the_hole():
    problem, truth = posed(corona, MISSING)
    (zone,) = problem.zones
    blind, elsewhere = np.zeros(truth.shape, bool), np.ones(truth.shape, bool)
    elsewhere[:64, :64] = False
    seen = [elsewhere, blind, elsewhere, elsewhere]
    frames = [replace(_context(truth, observed=one), number=f"{n}") for n, one in enumerate(seen, 1)]
    assert temporal.contributing(frames, zone.area) == ("1", "3")
    assert temporal.contributing(frames[1:2], zone.area) == ()
    assert temporal.contributing((), zone.area) == ()
    assert temporal.contributing([replace(frames[0], number="5 6")], zone.area) == ("5", "6")


def test_a_smooth_change_since_is_followed():
    rows, columns = np.mgrid[0:1024, 0:1024]
    problem, truth = posed(corona, MISSING)
    before = truth - (0.1 * UNIT * (1 + (rows - 400) / 1000 + (columns - 660) / 800)).astype(np.float32)
    filled = temporal.temporal()(replace(problem, context=(_context(before),)))
    assert worst(filled, truth, problem) < 0.03


def test_the_nearest_two_that_observed_a_pixel_are_averaged():
    problem, truth = posed(corona, MISSING)
    blind = np.ones(truth.shape, dtype=bool)
    blind[400:410, 650:660] = False
    frames = (_context(truth, 0.1, blind), _context(3 * truth, 0.2), _context(5 * truth, 0.3), _context(9 * truth, 0.4))
    mean, known = temporal.average(replace(problem, context=frames))
    assert known.all()
    assert mean[380, 600] / truth[380, 600] == pytest.approx(2)
    assert mean[405, 655] / truth[405, 655] == pytest.approx(4)


def test_where_no_context_looked_there_is_no_fill():
    problem, truth = posed(corona, MISSING)
    blind = ~blocks.to_pixels(problem.zones[0].missing)
    filled = temporal.temporal()(replace(problem, context=(_context(truth, observed=blind),)))
    assert np.isnan(filled[problem.hole]).all()
    assert np.isnan(temporal.temporal()(problem)[problem.hole]).all()


@pytest.mark.slow
def test_a_frame_is_filled_from_its_neighbour_in_time_and_says_so(make_frame):
    frame = read_frame(make_frame(missing=((20, 20), (20, 21))))
    earlier = read_frame(make_frame(TIME_OBS="02:06:05.594", missing=((20, 21),)))
    product = pipeline.restore(frame, fill="temporal", context=[earlier])
    assert product.filled.sum() == 0  # the zone is only half seen by the context
    earlier = read_frame(make_frame(TIME_OBS="02:06:05.594"))
    product = pipeline.restore(frame, fill="temporal", context=[earlier])
    assert product.filled.sum() == 2
    assert product.level1.header["FILL"] == "temporal"
    truth = pipeline.restore(read_frame(make_frame()), fill="none").level1
    filled = product.level1.mask == level1.Flag.FILLED
    assert np.median(np.abs(product.level1.data / truth.data - 1)[filled]) < 0.01


@pytest.mark.parametrize(("fill", "frames"), [("temporal", 0), ("harmonic", 1), ("none", 1)])
def test_context_is_asked_for_by_temporal_and_refused_where_it_is_of_no_use(make_frame, fill, frames):
    frame = read_frame(make_frame(missing=((20, 20),)))
    with pytest.raises(OptionError, match=f"{fill}.*{frames} context frames"):
        pipeline.restore(frame, fill=fill, context=[frame] * frames)
