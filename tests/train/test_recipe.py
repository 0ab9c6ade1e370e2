"""What both designs share: the network that a run starts with, and batches."""

from typing import NamedTuple

import pytest
import torch
from noise_scenes import small_log_polar

from corinpaint.lasco.errors import CheckpointError, TrainingError
from corinpaint.model.checkpoint import save_checkpoint
from corinpaint.model.log_polar import LogPolarStack
from corinpaint.model.stack import LayerStack, StackConfig
from corinpaint.model.unet import UNetConfig
from corinpaint.train.config import TrainConfig
from corinpaint.train.recipe import collate, initial_model

MODEL = LayerStack(StackConfig(layers=2, unet=UNetConfig(base=4, depth=3, max_width=8)))


def initial(folder, design=LayerStack, **values):
    return initial_model(TrainConfig(folder, **values), design, lambda: MODEL)


@pytest.fixture
def small(tmp_path):
    path = tmp_path / "small.safetensors"
    save_checkpoint(path, MODEL)
    return path


def test_samples_must_be_a_multiple_of_what_the_network_halves(tmp_path):
    assert initial(tmp_path, crop=2 * MODEL.multiple) is MODEL
    with pytest.raises(TrainingError, match=f"multiple of {MODEL.multiple}"):
        initial(tmp_path, crop=MODEL.multiple + 1)
    with pytest.raises(TrainingError, match="1024 at most"):
        initial(tmp_path, crop=16 * 1024)


def test_a_checkpoint_to_start_from_keeps_its_layers(tmp_path, small):
    assert initial(tmp_path, init=small).config == MODEL.config
    assert initial(tmp_path, init=small, layers=2).config == MODEL.config
    with pytest.raises(TrainingError, match="has 2 layers, not 3"):
        initial(tmp_path, init=small, layers=3)


def test_a_checkpoint_of_the_other_design_is_refused_with_the_presets_that_it_fits(tmp_path, small):
    with pytest.raises(TrainingError, match="published design; use one of its presets: pretrain, finetune, first"):
        initial(tmp_path, LogPolarStack, init=small)
    with pytest.raises(TrainingError, match="log-polar design; use one of its presets: log-polar"):
        initial(tmp_path, init=small_log_polar(tmp_path / "other.safetensors"))


def test_a_missing_checkpoint_to_start_from_is_refused(tmp_path):
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        initial(tmp_path, init=tmp_path / "gone.safetensors")


def test_batches_are_named_tuples_like_their_samples_with_a_leading_axis():
    class Sample(NamedTuple):
        image: torch.Tensor
        centre: torch.Tensor

    batch = collate([Sample(torch.full((1, 2), float(k)), torch.zeros(2)) for k in range(3)])

    assert isinstance(batch, Sample)
    assert batch.image.shape == (3, 1, 2)
    assert torch.equal(batch.image[:, 0, 0], torch.tensor([0.0, 1.0, 2.0]))
