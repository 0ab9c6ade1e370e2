"""Log-polar windows with artificial holes."""

from dataclasses import replace

import numpy as np
import pytest
import torch
from noise_scenes import CENTRE, SIDE, make_noise_scene

from corinpaint.lasco.errors import TrainingError
from corinpaint.restore.network import log_polar_grid
from corinpaint.train.log_polar import dataset
from corinpaint.train.log_polar.dataset import BINNED, Windows, hours_of, odds, planes_of, slots
from corinpaint.train.recipe import collate

PLAIN = make_noise_scene(1)
AIDED = make_noise_scene(2, context=True)


def same(first, second):
    return all(torch.equal(a, b) for a, b in zip(first, second, strict=True))


@pytest.fixture(scope="module")
def samples():
    windows = Windows([PLAIN, AIDED], SIDE, seed=3)
    return [windows[number] for number in range(60)]


def test_a_window_depends_on_seed_and_number_alone(samples):
    again = Windows([PLAIN, AIDED], SIDE, seed=3)

    assert same(samples[7], again[7])
    assert not same(samples[7], again[8])
    assert not same(samples[7], Windows([PLAIN, AIDED], SIDE, seed=4)[7])


def test_shapes_and_types_are_those_of_the_network(samples):
    for sample in samples[:5]:
        assert sample.image.shape == sample.mask.shape == (5, SIDE, SIDE)
        assert sample.truth.shape == sample.weight.shape == (1, SIDE, SIDE)
        assert sample.place.shape == (6,)
        assert all(tensor.dtype == torch.float32 for tensor in sample)


def test_the_network_sees_nothing_of_the_holes_that_count(samples):
    for sample in samples:
        assert (sample.weight > 0).any()
        assert not sample.mask[0][sample.weight[0] > 0].any()
        assert not sample.image[sample.mask == 0].any()
        seen = sample.mask[0] > 0
        assert torch.equal(sample.image[0][seen], sample.truth[0][seen])


def test_a_window_is_centred_on_what_it_shows(samples):
    for sample in samples:
        assert abs(float(sample.image[0][sample.mask[0] > 0].mean())) < 1e-3


def test_windows_show_context_and_only_where_the_scene_has_some(samples):
    with_context = [sample for sample in samples if sample.mask[1:].any()]

    assert 5 < len(with_context) < 45
    for number, hours in ((1, (0.2, 0.4)), (2, (0.4,)), (3, (-0.2,))):
        shown = [sample for sample in with_context if sample.mask[number].any()]
        assert shown
        assert all(round(float(sample.place[1 + number]), 5) in hours for sample in shown)
        both = [(sample.mask[0] * sample.mask[number]) > 0 for sample in shown]
        offs = [(s.image[0] - s.image[number])[seen].mean() for s, seen in zip(shown, both, strict=True)]
        assert np.median(np.abs(offs)) < 1
    assert not any(sample.mask[4].any() for sample in with_context)  # there is no second frame after it
    assert not any(sample.mask[1:].any() for sample in (Windows([PLAIN], SIDE, 0)[number] for number in range(10)))


def test_what_is_blended_or_weakened_has_about_the_noise_of_a_frame(monkeypatch):
    monkeypatch.setattr(dataset, "BLENDED", 1.0)
    monkeypatch.setattr(dataset, "WEAKENED", 1.0)
    windows = Windows([PLAIN, make_noise_scene(4)], SIDE, seed=0)

    for number in range(6):
        truth = windows[number].truth[0].numpy()[::2, ::2]  # neighbours may show the same pixel of the frame
        known = (truth[1:, 1:] != 0) & (truth[1:, :-1] != 0) & (truth[:-1, 1:] != 0) & (truth[:-1, :-1] != 0)
        steps = ((truth[1:, 1:] - truth[1:, :-1] - truth[:-1, 1:] + truth[:-1, :-1]) / 2)[known]
        assert 0.6 < np.median(np.abs(steps)) / 0.6745 < 1.3  # `PIXEL_NOISE` is what is added


def test_kinds_are_drawn_by_their_shares_however_many_scenes_there_are():
    scenes = [make_noise_scene(k, kind=kind) for k, kind in enumerate(["C2", "C3", "C3", "simulated", "simulated"])]
    found = odds(scenes)

    assert found.sum() == pytest.approx(1)
    assert found[0] == pytest.approx(0.45 / 0.9)
    assert found[1:3].sum() == pytest.approx(0.25 / 0.9)


def test_days_weigh_less_than_their_frames_and_copies_less_than_originals():
    many = [make_noise_scene(1) for _ in range(8)]
    found = odds([*many, make_noise_scene(2)])
    assert found[:8].sum() / found[8] == pytest.approx(8**0.3)

    copies = odds([PLAIN, replace(PLAIN, binned=True)])
    assert copies[1] / copies[0] == pytest.approx(BINNED)


def test_neighbours_have_their_places_the_nearest_first():
    second, first, after = AIDED.context

    assert slots(AIDED, 2, 2) == (first, second, after, None)
    assert slots(AIDED, 0, 1) == (None, None, after, None)
    assert slots(AIDED, 2, 2, step=2) == (second, None, None, None)
    assert hours_of(slots(AIDED, 2, 2)) == (0.2, 0.4, -0.2, 0.0)


def test_planes_show_what_each_neighbour_knows():
    second, first, _ = AIDED.context
    window = log_polar_grid.Window(CENTRE, 150.0, 0.5, side=SIDE)
    sampler = log_polar_grid.sampler(window, AIDED.level.shape)

    level, known = planes_of((first, replace(second, known=np.zeros_like(AIDED.known)), None, None), sampler)

    assert np.array_equal(known[0], sampler.mask(first.known))
    assert np.array_equal(level[0], np.where(known[0], sampler.values(first.level, known[0]), 0))
    assert not known[1:].any()
    assert not level[1:].any()


def test_a_scene_without_a_known_block_is_refused():
    scene = replace(PLAIN, known=np.zeros_like(PLAIN.known))
    with pytest.raises(TrainingError, match="add frames"):
        Windows([scene], SIDE, 0)[0]


def test_batches_stack_windows(samples):
    batch = collate(samples[:3])

    assert batch.image.shape == (3, 5, SIDE, SIDE)
    assert torch.equal(batch.place[1], samples[1].place)
