"""The response of the pixels in training: of all days but the frame's own."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.level05.frame import FRAME_SHAPE
from corinpaint.lasco.nominal import pixel_response
from corinpaint.lasco.nominal.derivation.pixel_response import MIN_DAYS, Sample
from corinpaint.train.log_polar.responses import Responses

DAYS = [f"2010-01-0{number}" for number in range(1, MIN_DAYS + 2)]


def a_sample(day: str, excess: float) -> Sample:
    ones = np.ones(FRAME_SHAPE, dtype=np.float16)
    return Sample("C2", day, f"{day}.fts", np.float16(excess) * ones, ones)


@pytest.mark.slow
def test_a_frame_is_not_divided_by_its_own_noise():
    responses = Responses(a_sample(day, number) for number, day in enumerate(DAYS))
    for number, day in enumerate(DAYS):
        others = np.delete(np.arange(len(DAYS)), number)
        assert responses.of("C2", day, (1024, 1024))[0, 0] == pytest.approx(others.mean(), rel=1e-3)
    assert responses.of("C2", DAYS[0], (512, 512)).shape == (512, 512)


def test_with_too_few_days_that_of_the_package_serves():
    responses = Responses([a_sample("2010-01-01", 0.0)])
    for detector in ("C2", "C3"):
        assert np.array_equal(
            responses.of(detector, "2010-01-01", (512, 512)), pixel_response.load(detector, (512, 512))
        )
