"""The motion-compensated fill: an outflow is found, at any cadence, and followed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import problems
import pytest
from scipy import ndimage

from corinpaint.lasco.level05 import blocks
from corinpaint.restore.context import Context
from corinpaint.restore.methods import motion, temporal

FOUR = ((20, 24), (20, 25), (21, 24), (21, 25))
SIZE = 1024
ROWS, COLUMNS = np.mgrid[0:SIZE, 0:SIZE]
RADIUS = np.hypot(ROWS - problems.CENTRE[1], COLUMNS - problems.CENTRE[0])
BLOBS = ndimage.gaussian_filter(np.random.default_rng(4).normal(0, 1, (SIZE, SIZE)), 5)
BLOBS = (0.1 / BLOBS.std() * BLOBS).astype(np.float32)


def corona(speed: float, hours: float) -> np.ndarray:
    """A power of the radius and blobs that flow outwards, so many hours before."""
    share = np.exp(speed * hours)
    where = [
        centre + share * (axis - centre) for centre, axis in zip(problems.CENTRE[::-1], (ROWS, COLUMNS), strict=True)
    ]
    return problems.power(ROWS, COLUMNS) * (1 + ndimage.map_coordinates(BLOBS, where, order=1, mode="mirror"))


def posed(speed: float, hours: tuple[float, ...], noise: float = 0.004):
    made, _ = problems.problem(problems.power, FOUR)
    rng = np.random.default_rng(1)
    truth = corona(speed, 0)
    images = [
        (problems.UNIT * (one + rng.normal(0, noise, one.shape))).astype(np.float32)
        for one in (truth, *(corona(speed, before) for before in hours))
    ]
    context = tuple(
        Context(f"{before}", before, image, np.ones(image.shape, bool), 1.0)
        for before, image in zip(hours, images[1:], strict=True)
    )
    image = np.where(made.hole, np.nan, images[0]).astype(np.float32)
    return replace(made, image=image, context=context), truth * problems.UNIT


def error(filled: np.ndarray, truth: np.ndarray, made) -> float:
    return float(np.sqrt(np.mean(np.square(filled - truth)[made.hole])) / problems.UNIT)


@pytest.mark.slow
@pytest.mark.parametrize("hours", [(0.2, -0.2), (0.1, 0.35)])
def test_an_outflow_is_found_and_followed_at_any_cadence(hours):
    made, truth = posed(0.6, hours)
    assert motion.rate(made, made.zones[0]) == pytest.approx(0.6, abs=0.05)
    moved, still = (error(fill(made), truth, made) for fill in (motion.motion(), temporal.temporal()))
    assert moved < 0.5 * still


@pytest.mark.slow
def test_where_nothing_moves_it_is_the_temporal_fill():
    made, _ = posed(0.0, (0.2, -0.2))
    assert motion.rate(made, made.zones[0]) == 0
    assert np.array_equal(motion.motion()(made), temporal.temporal()(made), equal_nan=True)


@pytest.mark.slow
def test_a_rate_that_noise_can_explain_is_none():
    made, _ = posed(0.0, (0.2, -0.2))
    rng = np.random.default_rng(3)
    context = tuple(
        replace(
            one,
            image=(made.image * 0 + problems.UNIT * rng.normal(1, 0.01, (SIZE, SIZE))).astype(np.float32),
            observed=made.observed,
        )
        for one in made.context
    )
    assert motion.rate(replace(made, context=context), made.zones[0]) == 0


def test_context_moves_outwards_when_it_is_earlier_and_is_unknown_where_it_was_not_seen():
    image = np.zeros((SIZE, SIZE), np.float32)
    image[int(problems.CENTRE[1]) + 100, int(problems.CENTRE[0])] = 1
    seen = RADIUS > 90
    context = Context("earlier", 0.5, image, seen, 1.0)
    whole = (slice(0, SIZE), slice(0, SIZE))
    moved, known = motion.shifted(context, whole, problems.CENTRE, np.log(1.5) / 0.5)
    row, column = np.unravel_index(moved.argmax(), moved.shape)
    assert np.hypot(row - problems.CENTRE[1], column - problems.CENTRE[0]) == pytest.approx(150, abs=2)
    assert not known[RADIUS < 130].any()
    assert known[(RADIUS > 140) & (RADIUS < 400)].all()


def test_the_exponent_is_that_of_the_power_law():
    made, _ = problems.problem(problems.power, FOUR)
    assert motion.exponent(made, made.zones[0]) == pytest.approx(-2.3, abs=0.05)


def test_without_context_there_is_no_value():
    made, _ = problems.problem(problems.power, FOUR)
    assert np.isnan(motion.motion()(made)[blocks.to_pixels(made.zones[0].missing)]).all()
