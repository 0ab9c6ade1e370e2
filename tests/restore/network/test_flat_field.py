"""The response of the pixels: measured in the frame itself, divided out, multiplied into the fill."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.level05 import blocks
from corinpaint.restore.network import flat_field

SHAPE = (256, 256)
RNG = np.random.default_rng(3)
RESPONSE = RNG.normal(0, 0.01, SHAPE).astype(np.float32)
ROWS, COLUMNS = np.indices(SHAPE)
CORONA = 1e-9 * (1 + COLUMNS / 200)
SIGMA = 0.01 * CORONA
MISSING = np.zeros((8, 8), dtype=bool)
MISSING[3:5, 3:5] = True
KNOWN = ~blocks.to_pixels(MISSING)


def frame(share: float, seed: int = 0) -> np.ndarray:
    noise = 1 + 0.01 * np.random.default_rng(seed).normal(size=SHAPE)
    return np.where(KNOWN, CORONA * (1 + share * RESPONSE) * noise, np.nan)


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_the_share_of_the_map_that_a_frame_shows_is_measured(share):
    found = flat_field.share(frame(share), SIGMA, KNOWN, RESPONSE)
    assert found.dtype == np.float32
    assert np.isfinite(found).all()
    assert found[~KNOWN] == pytest.approx(share, abs=0.1)


def test_it_is_never_negative_nor_large():
    assert not flat_field.share(frame(-1), SIGMA, KNOWN, RESPONSE).any()
    assert flat_field.share(frame(3), SIGMA, KNOWN, RESPONSE).max() <= flat_field.LARGEST


def test_nothing_observed_gives_nothing():
    assert not flat_field.share(frame(1), SIGMA, np.zeros(SHAPE, dtype=bool), RESPONSE).any()


def test_stars_do_not_count():
    image = frame(1)
    image[20:250:20, 20:250:20] *= 3
    assert flat_field.share(image, SIGMA, KNOWN, RESPONSE)[~KNOWN] == pytest.approx(1, abs=0.15)


def test_what_is_not_observed_is_not_read():
    image = frame(1)
    image[~KNOWN] = 1e30
    assert np.array_equal(
        flat_field.share(image, SIGMA, KNOWN, RESPONSE), flat_field.share(frame(1), SIGMA, KNOWN, RESPONSE)
    )


def test_the_factor_is_1_far_from_the_zones():
    image, sigma, known, response = (np.tile(one, (4, 4)) for one in (frame(1), SIGMA, KNOWN, RESPONSE))
    missing = np.zeros((32, 32), dtype=bool)
    missing[3:5, 3:5] = True
    found = flat_field.factor(image, sigma, known, response, blocks.zones(missing))
    assert (found[300:] == 1).all()
    hole = blocks.to_pixels(missing)
    assert np.corrcoef(found[hole], response[hole])[0, 1] > 0.999
    assert found[hole].std() == pytest.approx(0.01, rel=0.15)
