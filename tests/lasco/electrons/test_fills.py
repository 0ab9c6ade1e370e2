"""Filled zones on the pixels of a product, and how much their errors are alike."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import products
import pytest

import corinpaint
from corinpaint.lasco.electrons.fills import SHARED_NOISE, filled_zones
from corinpaint.lasco.geometry import distortion
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.product import Flag
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set

HOLES = ((20, 8), (20, 9), (10, 22), (26, 16))
"""Three zones."""


@pytest.mark.slow
@pytest.mark.parametrize("roll", [0.0, 180.0, 187.5])
def test_a_zone_has_the_error_of_its_sum_that_history_gives(make_frame, roll):
    frame = read_frame(make_frame(missing=HOLES, CROTA1=roll, CROTA2=roll))
    restored = corinpaint.restore(frame, fill="harmonic")
    assert restored.level1.header["RECTIFY"] == pytest.approx(roll, abs=2)
    found = filled_zones(restored.level1)
    assert len(found) == 3
    for zone, record in zip(found, restored.zones, strict=True):
        assert record.total_error is not None
        assert zone.share * restored.level1.noise[zone.pixels].sum() == pytest.approx(record.total_error, rel=0.05)
        assert zone.pixels.sum() == pytest.approx(record.pixels, rel=0.2)
    together = np.sum([zone.pixels for zone in found], axis=0)
    assert np.array_equal(together == 1, restored.level1.mask & Flag.FILLED > 0)
    assert together.max() == 1


def filled(*corners: tuple[int, int], history: tuple[str, ...] = ()) -> products.Level1:
    """A product with filled squares of 32 px."""
    mask = np.zeros((256, 256), np.uint8)
    for row, column in corners:
        mask[row : row + 32, column : column + 32] = Flag.FILLED
    made = products.made_up(35000001, "2002-01-08T01:00:00", np.ones((256, 256)), mask)
    made.header["HISTORY"] = "CorInpaint 1.0: Level 0.5 file x.fts"
    for line in history:
        made.header["HISTORY"] = line
    return made


def test_zones_that_do_not_fit_history_have_one_share_together():
    lines = (
        "Zone 1, 1 missing blocks: filled by radial, 1024 px on the detector sum to 1 +- 300 MSB",
        "Zone 2, 1 missing blocks: filled by radial, 1024 px on the detector sum to 1 +- 100 MSB",
    )
    found = filled_zones(filled((64, 64), (160, 64), history=lines))
    assert [zone.share for zone in found] == pytest.approx([300 / 1024, 100 / 1024])
    three = filled_zones(filled((64, 64), (160, 64), (160, 200), history=lines))
    assert [zone.share for zone in three] == pytest.approx([400 / 3072] * 3)


def test_errors_that_nobody_measured_count_as_wholly_alike():
    plain = filled((64, 64), history=("Zone 1, 1 missing blocks: filled by telea",))
    assert [zone.share for zone in filled_zones(plain)] == [SHARED_NOISE]
    assert [zone.share for zone in filled_zones(filled((64, 64)))] == [SHARED_NOISE]
    assert filled_zones(replace(plain, mask=np.zeros_like(plain.mask))) == []


def test_blocks_with_one_between_them_are_one_zone_and_with_two_are_two():
    assert len(filled_zones(filled((64, 32), (64, 96)))) == 1
    assert len(filled_zones(filled((64, 32), (64, 128)))) == 2


@pytest.mark.slow
def test_the_noise_of_a_sum_is_larger_by_the_factor_that_neighbours_share(make_frame):
    observed = calibrate_on_detector(read_frame(make_frame()), load_calibration_set())
    warp = distortion.product_map(observed.geometry)
    rng, around = np.random.default_rng(0), np.s_[200:840, 200:840]
    sums = np.array(
        [
            warp.image(rng.standard_normal(warp.shape, dtype=np.float32))[around].reshape(10, 64, 10, 64).sum((1, 3))
            for _ in range(30)
        ]
    )
    independent = warp.variance(np.ones(warp.shape, np.float32))[around].reshape(10, 64, 10, 64).sum((1, 3))
    assert np.sqrt(np.mean(sums**2 / independent)) == pytest.approx(SHARED_NOISE, rel=0.05)
