"""Crops with artificial holes."""

import numpy as np
import pytest
import torch

from corinpaint.train.equalised.dataset import Crops, validation_crops
from corinpaint.train.equalised.scenes import Scene
from corinpaint.train.recipe import collate

SIZE = 384


def scene(kind="real", day="2002-01-08", level=0.0):
    rows, columns = np.mgrid[:SIZE, :SIZE].astype(np.float32)
    known = np.ones((SIZE, SIZE), dtype=bool)
    known[:64, :64] = False
    known[200, 200] = False
    image = np.where(known, level + np.hypot(rows - 100, columns - 60) / 1000, 0).astype(np.float32)
    return Scene(image, known, (60.0, 100.0), f"{day}.fts", day, kind, "0")


@pytest.fixture
def crops():
    return Crops([scene()], 128, seed=3, epoch_length=10)


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


def test_a_crop_depends_on_seed_epoch_and_index_alone(crops):
    again = Crops([scene()], 128, seed=3, epoch_length=10)

    assert same(crops[7], again[7])
    assert not same(crops[7], crops[8])
    assert not same(crops[7], crops[17])
    assert not same(crops[7], Crops([scene()], 128, seed=4, epoch_length=10)[7])


def test_shapes_and_types_are_those_of_the_network(crops):
    sample = crops[0]

    for tensor in (sample.image, sample.mask, sample.truth, sample.known):
        assert tensor.shape == (1, 128, 128)
        assert tensor.dtype == torch.float32
    assert sample.centre.shape == (2,)


def test_holes_are_whole_blocks_and_the_network_sees_nothing_of_them(crops):
    for number in range(20):
        sample = crops[number]
        hole = (sample.known - sample.mask).reshape(4, 32, 4, 32)
        assert hole.any()
        assert (sample.mask <= sample.known).all()
        assert not sample.image[sample.mask == 0].any()
        assert torch.equal(sample.image[sample.mask > 0], sample.truth[sample.mask > 0])
        missing = (1 - sample.mask).reshape(4, 32, 4, 32).mean(dim=(1, 3))
        assert ((missing < 0.1) | (missing == 1)).all()


def test_unknown_pixels_are_neither_shown_nor_compared(crops):
    samples = [crops[number] for number in range(40)]

    unknown = [sample for sample in samples if (sample.known == 0).any()]
    assert unknown
    for sample in unknown:
        assert not sample.mask[sample.known == 0].any()
        assert not sample.truth[sample.known == 0].any()


def test_the_sun_centre_moves_with_crop_flip_and_transposition(crops):
    rows, columns = torch.meshgrid(torch.arange(128.0), torch.arange(128.0), indexing="ij")
    for number in range(30):
        sample = crops[number]
        radius = torch.hypot(rows - sample.centre[1], columns - sample.centre[0]) / 1000
        known = sample.known[0] > 0
        torch.testing.assert_close(sample.truth[0][known], radius[known], atol=1e-5, rtol=0)


def test_all_eight_orientations_occur(crops):
    def brighter(first, second):
        return bool(first > second)

    truths = [crops[number].truth[0] for number in range(80)]
    orientations = {
        (brighter(t[64, 40], t[64, 90]), brighter(t[40, 64], t[90, 64]), brighter(t[40, 90], t[90, 40])) for t in truths
    }

    assert len({orientation[:2] for orientation in orientations}) == 4
    assert len(orientations) >= 6


def test_real_and_simulated_scenes_are_drawn_equally_often_however_many_there_are():
    scenes = [scene("real", level=0.5)] + [scene("simulated", day=f"s{k}") for k in range(9)]

    crops = Crops(scenes, 128, seed=0)

    real = np.mean([float(crops[number].truth.max()) > 0.5 for number in range(200)])
    assert 0.4 < real < 0.6


def test_batches_stack_samples(crops):
    batch = collate([crops[0], crops[1]])

    assert batch.image.shape == (2, 1, 128, 128)
    assert batch.centre.shape == (2, 2)
    assert torch.equal(batch.target().truth[1], crops[1].truth)


def test_validation_crops_are_the_same_every_time_and_have_square_holes():
    first, second = (validation_crops([scene()], 256, 12) for _ in range(2))

    assert {crop.side for crop in first} == {1, 2, 4}
    for one, other in zip(first, second, strict=True):
        assert same(one.sample, other.sample)
        blocks = (one.sample.known - one.sample.mask).reshape(8, 32, 8, 32).amax(dim=(1, 3))
        assert blocks.sum() % one.side**2 == 0
        assert blocks.sum() > 0
