"""One polariser position from the other two."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.restore.neighbours.polarisation import POSITIONS, Position, from_two

ROWS, COLUMNS = np.mgrid[0:200, 0:200].astype(float)
ANGLE = np.arctan2(ROWS - 99.5, COLUMNS - 99.5)
RADIUS = np.hypot(ROWS - 99.5, COLUMNS - 99.5)
BRIGHTNESS = 10 + 3 * np.sin(RADIUS / 4)
POLARISED = 1 + 2 * np.cos(RADIUS / 3)
EVERYWHERE = np.ones(ANGLE.shape, dtype=bool)


def seen(polar, gain=1.0):
    """What a position shows of a corona whose structures are polarised in different degrees."""
    c = -np.cos(2 * (ANGLE + np.radians(POSITIONS[polar])))
    return Position(polar, (gain * (BRIGHTNESS + c * POLARISED)).astype(np.float32), EVERYWHERE)


@pytest.mark.parametrize("polar", POSITIONS)
def test_two_positions_tell_the_third_and_a_guess_helps_where_they_do_not(polar):
    truth, guess = seen(polar), BRIGHTNESS
    others = [seen(other, 1.04) for other in POSITIONS if other != polar]
    found = from_two(truth, others, ANGLE, guess)
    one, two = (-np.cos(2 * (ANGLE + np.radians(POSITIONS[each.polar]))) for each in others)
    told = np.abs(one - two) > 1.2
    error, of_guess = np.abs(found - truth.image), np.abs(guess - truth.image)
    assert np.median(error[told]) < 0.35 * np.median(of_guess[told])
    assert np.abs(found - guess)[np.abs(one - two) < 0.02].max() < 0.15
    assert from_two(truth, others, ANGLE, truth.image) == pytest.approx(truth.image, abs=0.02)


def test_the_guess_is_taken_where_one_of_both_is_not_known():
    others = [seen("+60DEG"), seen("-60DEG")]
    half = Position(others[1].polar, others[1].image, EVERYWHERE & (COLUMNS > 100))
    found = from_two(seen("0DEG"), [others[0], half], ANGLE, BRIGHTNESS)
    assert np.array_equal(found[:, :101], BRIGHTNESS[:, :101].astype(np.float32))
    assert not np.allclose(found[:, 110:], BRIGHTNESS[:, 110:])


def test_pixels_that_were_not_observed_do_not_enter_the_fit():
    frame = seen("0DEG")
    image, known = frame.image.copy(), EVERYWHERE.copy()
    image[50:90, 50:90], known[50:90, 50:90] = 1e6, False
    others = [seen("+60DEG"), seen("-60DEG")]
    found = from_two(Position("0DEG", image, known), others, ANGLE, BRIGHTNESS)
    assert found == pytest.approx(from_two(frame, others, ANGLE, BRIGHTNESS), abs=1e-3)
