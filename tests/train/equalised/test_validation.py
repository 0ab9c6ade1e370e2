"""Validation on fixed crops."""

import numpy as np
import pytest
import torch

from corinpaint.model.prior import PriorConfig, PyramidPrior
from corinpaint.model.stack import LayerStack, StackConfig
from corinpaint.model.unet import UNetConfig
from corinpaint.train.equalised.dataset import validation_crops
from corinpaint.train.equalised.scenes import Scene
from corinpaint.train.equalised.validation import PICTURES, Validation

CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def validation():
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:384, :384]
    image = 0.5 + 0.3 * np.sin(rows / 60) * np.cos(columns / 50) + rng.normal(0, 0.01, (384, 384))
    scene = Scene(image.astype(np.float32), np.ones(image.shape, dtype=bool), (0, 0), "a", "a", "simulated", "")
    return Validation(validation_crops([scene], 256, 9), PyramidPrior(PriorConfig()))


@pytest.fixture(scope="module")
def model():
    return LayerStack(StackConfig(unet=UNetConfig(base=4, depth=3, max_width=8)))


def test_the_prior_is_its_own_reference(validation):
    assert validation.reference["over_prior"] == 1
    assert validation.reference["over_prior_2"] == 1
    assert validation.reference["median"] > 0


def test_a_perfect_fill_has_no_error(validation):
    truths = torch.stack([crop.sample.truth for crop in validation.crops])
    batches = iter(truths.split(8))

    figures = validation.figures(lambda _image, _mask: next(batches), CPU)

    assert figures["median"] == figures["mae"] == figures["over_noise"] == 0
    assert figures["over_prior"] < 1e-3


def test_figures_are_given_by_size_of_hole_and_kind(validation):
    assert {f"over_prior{suffix}" for suffix in ("", "_1", "_2", "_4", "_simulated")} <= validation.reference.keys()


def test_only_hole_pixels_count(validation):
    def off_outside(image, mask):
        return torch.where(mask > 0, image + 9, PyramidPrior(PriorConfig())(image, mask)[0])

    assert validation.figures(off_outside, CPU) == validation.reference


def test_a_model_is_validated_in_evaluation_mode_and_trains_on_afterwards(validation, model):
    model.train()

    figures = validation.model_figures(model, CPU)

    assert model.training
    assert set(figures) == set(validation.reference)
    assert figures["median"] == pytest.approx(validation.reference["median"], rel=0.5)


def test_pictures_show_truth_input_fill_and_error_side_by_side(validation, model):
    sheet = validation.pictures(model, CPU, count=2)

    assert sheet.shape == (1, 2 * 256, 4 * 256)
    assert 0 <= sheet.min() < sheet.max() <= 1
    assert torch.equal(sheet[0, :256, :256], validation.crops[0].sample.truth[0].clamp(0, 1))


def test_the_pictures_are_labelled_by_kind_and_size_one_label_a_row(validation):
    assert len(validation.labels.columns) == 4
    assert len(validation.labels.rows) == PICTURES < len(validation.crops)
    assert validation.labels.rows[0] == f"simulated, hole of {validation.crops[0].side} blocks"
