"""Windows of a frame: where they lie, and that a network fills them as it fills the whole frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.simulation.scene import simulate
from corinpaint.restore.network import crops
from corinpaint.restore.network.adapters import adapt
from corinpaint.restore.network.equalised import network_input

SHAPE = (1024, 1024)
WHOLE = [(slice(0, 1024), slice(0, 1024))]

MISSING = {
    "edges of the frame": ((0, 15), (16, 31), (31, 16)),
    "corners of the field": ((2, 6), (29, 27)),
    "beside the occulter and on the pylon": ((14, 15), (18, 17), (11, 11)),
    "a cluster in the corona": ((24, 12), (24, 13), (25, 12), (25, 13)),
}


def zones_of(*missing_at):
    missing = np.zeros((blocks.BLOCKS_PER_SIDE, blocks.BLOCKS_PER_SIDE), dtype=bool)
    missing[tuple(np.transpose(missing_at))] = True
    return blocks.zones(missing)


def test_a_window_is_the_zone_with_reach_and_stride_around_it_on_the_networks_own_grid():
    (place,) = crops.windows(zones_of((16, 20)), SHAPE, reach=40, stride=64)
    assert place == (slice(384, 704), slice(512, 832))  # block rows 512 to 544, less and more 104, on multiples of 64


def test_a_window_ends_where_the_frame_ends():
    (place,) = crops.windows(zones_of((0, 31)), SHAPE, reach=40, stride=64)
    assert place == (slice(0, 192), slice(832, 1024))


def test_windows_that_overlap_are_merged_where_that_is_less_work_and_others_are_not():
    near = crops.windows(zones_of((16, 16), (16, 19)), SHAPE, reach=40, stride=64)
    assert near == [(slice(384, 704), slice(384, 768))]
    far = crops.windows(zones_of((4, 4), (16, 28), (28, 6)), SHAPE, reach=40, stride=64)
    assert len(far) == 3
    diagonal = crops.windows(zones_of((10, 10), (18, 18)), SHAPE, reach=40, stride=64)
    assert len(diagonal) == 2


@pytest.mark.parametrize("seed", range(20))
def test_every_zone_lies_in_a_window_with_its_whole_margin(seed):
    random = np.random.default_rng(seed)
    zones = zones_of(*random.integers(0, 32, (random.integers(1, 12), 2)))
    places = crops.windows(zones, SHAPE, reach=30, stride=32)
    for zone in zones:
        wanted = blocks.bounding_box(zone.missing, SHAPE, 62)
        assert any(
            all(have.start <= want.start and want.stop <= have.stop for have, want in zip(place, wanted, strict=True))
            for place in places
        )
    assert all(axis.start % 32 == axis.stop % 32 == 0 for place in places for axis in place)


def test_many_zones_are_filled_in_the_whole_frame():
    missing = [(row, column) for row in range(2, 30, 5) for column in range(2, 30, 5)]
    assert crops.windows(zones_of(*missing), SHAPE, reach=136, stride=128) == WHOLE


def test_batches_hold_windows_of_one_size():
    places = crops.windows(zones_of((4, 4), (16, 28), (28, 6), (15, 8), (0, 31)), SHAPE, reach=20, stride=32)
    parts = crops.batches(places, crops.size, most=3)
    assert [len(part) for part in parts] == [1, 3, 1]
    assert [place for part in parts for place in part] == places


@pytest.fixture(scope="module")
def engine(tmp_path_factory):
    """A network with prior as published, small, random."""
    torch = pytest.importorskip("torch")
    from corinpaint.model.checkpoint import save_checkpoint
    from corinpaint.model.stack import LayerStack, StackConfig
    from corinpaint.model.unet import UNetConfig
    from corinpaint.restore.engines.torch import TorchInpainter

    torch.manual_seed(3)
    stack = LayerStack(StackConfig(unet=UNetConfig(base=4, depth=5, max_width=8)))
    for unet in stack.layers:
        torch.nn.init.normal_(unet.last.weight, std=2e-4)
    path = tmp_path_factory.mktemp("weights") / "whole.safetensors"
    save_checkpoint(path, stack, {})
    return TorchInpainter(path)


@pytest.mark.slow
@pytest.mark.parametrize("missing_at", MISSING.values(), ids=MISSING)
def test_windows_are_filled_as_the_whole_frame_is(missing_at, engine, monkeypatch):
    missing = np.logical_or.reduce([zone.missing for zone in zones_of(*missing_at)])
    frame = simulate(7, missing=0).frame
    calibrated = calibrate_on_detector(
        replace(frame, data=np.where(blocks.to_pixels(missing), 0, frame.data)), load_calibration_set()
    )
    zones = tuple(blocks.zones(calibrated.missing_in_field))
    seen, fill = [], engine.fill

    def watched(image, mask):
        seen.append(image.size)
        return fill(image, mask)

    monkeypatch.setattr(engine, "fill", watched)
    windowed, reached = adapt(engine).fill(calibrated, zones)
    monkeypatch.setattr(crops, "windows", lambda *_: WHOLE)
    whole, _ = adapt(engine).fill(calibrated, zones)
    assert sum(seen[:-1]) < seen[-1]
    hole = blocks.to_pixels(calibrated.missing_in_field) & calibrated.field
    assert reached[hole].all()
    assert np.array_equal(windowed.brightness[~hole], whole.brightness[~hole], equal_nan=True)
    equaliser = network_input(calibrated)[2]
    ours, theirs = (equaliser.forward(one.brightness)[hole] for one in (windowed, whole))
    assert np.median(np.abs(ours - theirs)) < 2e-3
    assert np.abs(ours - theirs).max() < 1e-2
    assert np.ptp(theirs) > 0.01


def test_a_zone_is_filled_from_a_window_that_holds_its_whole_margin():
    needs = (SHAPE, 100, 32)
    zones = zones_of((10, 10), (16, 17))
    places = crops.windows(zones, *needs)
    assert len(places) == 2
    assert sorted(zone.number for place in places for zone in crops.held(place, zones, *needs)) == [1, 2]
    assert [zone.number for zone in crops.held(WHOLE[0], zones, *needs)] == [1, 2]
