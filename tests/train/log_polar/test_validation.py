"""Validation of the log-polar design."""

import copy
from dataclasses import replace

import numpy as np
import pytest
import torch
from noise_scenes import SIDE, make_noise_scene, small_log_polar

from corinpaint.lasco.level05 import blocks
from corinpaint.model.checkpoint import load_checkpoint
from corinpaint.train.log_polar.validation import Validation, validation_holes

CPU = torch.device("cpu")
SCENES = [make_noise_scene(1), make_noise_scene(2, context=True)]


@pytest.fixture(scope="module")
def model(tmp_path_factory):
    return load_checkpoint(small_log_polar(tmp_path_factory.mktemp("small") / "small.safetensors"))[0]


@pytest.fixture(scope="module")
def validation():
    return Validation(validation_holes(SCENES, SIDE, 8))


def test_holes_are_fixed_whole_blocks_of_each_size_and_not_seen():
    first, second = (validation_holes(SCENES, SIDE, 16) for _ in range(2))

    assert {hole.side for hole in first} == {1, 2, 3, 4}
    for one, other in zip(first, second, strict=True):
        assert np.array_equal(one.rows, other.rows)
        assert one.rows.size == (one.side * blocks.BLOCK_SIZE) ** 2
        assert not one.valid[one.rows, one.columns].any()
        assert one.scene.known[one.rows, one.columns].all()
        assert one.window.shows(*one.window.places(one.rows, one.columns)).all()


def test_binned_copies_are_left_out():
    assert not validation_holes([replace(SCENES[0], binned=True)], SIDE, 8)


def test_a_fresh_network_is_as_good_as_the_prior(validation, model):
    figures = validation.model_figures(model, CPU)

    assert figures["over_prior"] == pytest.approx(1)
    assert {"over_prior_1", "over_prior_4", "over_prior_summed", "median", "coverage"} <= figures.keys()
    assert 0.5 < figures["median"] < 3
    assert validation.reference.keys() == figures.keys()
    assert validation.reference["median"] == pytest.approx(figures["median"])


def test_context_is_given_where_a_scene_has_it(validation, model):
    figures = validation.model_figures(model, CPU)
    alone, earlier, around = (figures[f"over_prior{context}"] for context in ("", "_earlier", "_around"))
    assert earlier < 0.95  # what a fresh network gives is the prior of the difference to the context
    assert around < 0.95
    assert figures["score"] == pytest.approx((alone * earlier * around) ** (1 / 3))
    bare = Validation(validation_holes(SCENES[:1], SIDE, 4))
    assert "over_prior_earlier" not in bare.model_figures(model, CPU)


def test_coverage_follows_the_scale(validation, model):
    def with_scale(value):
        wide = load_scaled(model, value)
        return validation.model_figures(wide, CPU)["coverage"]

    assert with_scale(-2.0) < 0.5 < with_scale(2.0)


def test_a_network_trains_on_afterwards(validation, model):
    model.train()
    validation.model_figures(model, CPU)
    validation.pictures(model, CPU)
    assert model.training
    model.eval()


def test_pictures_show_truth_input_fill_and_error_side_by_side(validation, model):
    sheet = validation.pictures(model, CPU, count=2)

    assert sheet.shape == (1, 2 * SIDE, 4 * SIDE)
    assert 0 <= sheet.min() < sheet.max() <= 1
    truth, seen, filled, error = sheet[0, :SIDE].split(SIDE, dim=1)
    assert torch.equal(truth[error == 0.5], filled[error == 0.5])
    assert not torch.equal(truth, seen)
    assert (error != 0.5).any()


def load_scaled(model, value):
    other = copy.deepcopy(model)
    with torch.no_grad():
        other.layers[-1].last.bias[1] = value
    return other


def test_the_pictures_are_labelled_by_frame_and_size_one_label_a_row(validation):
    labels = validation.labels

    assert labels.columns[:3] == ("truth", "input", "fill")
    assert len(labels.rows) == min(6, len(validation.holes))
    assert labels.rows[0].startswith(validation.holes[0].scene.name)
    assert f"{validation.holes[0].side} x" in labels.rows[0]


def test_the_scale_is_corrected_so_that_intervals_hold_nine_tenths(validation, model):
    corrected = copy.deepcopy(model)
    corrected.correct_scale(0.3)
    assert validation.model_figures(corrected, CPU)["coverage"] < 0.7
    correction = validation.correct(corrected, CPU)
    factor, power = correction["scale_factor"], correction["scale_power"]
    figures = validation.model_figures(corrected, CPU)
    coverage = [figures[f"coverage{context}"] for context in ("", "_earlier", "_around")]
    assert np.mean(coverage) == pytest.approx(0.9, abs=0.1)
    again = copy.deepcopy(model)
    assert validation.correct(again, CPU) == pytest.approx(
        {"scale_factor": 0.3**power * factor, "scale_power": power}, rel=1e-3
    )


def test_without_real_frames_the_scale_is_left_alone(model):
    simulated = Validation(validation_holes([replace(SCENES[0], kind="simulated")], SIDE, 4))
    before = copy.deepcopy(model)
    assert simulated.correct(before, CPU) == {}
    assert all(torch.equal(one, other) for one, other in zip(before.parameters(), model.parameters(), strict=True))
