"""What every design must fit."""

from pathlib import Path

import pytest

from corinpaint.lasco.errors import TrainingError
from corinpaint.model.stack import LayerStack, StackConfig
from corinpaint.model.unet import UNetConfig
from corinpaint.train.recipe import check_crop, check_start

MODEL = LayerStack(StackConfig(layers=2, unet=UNetConfig(base=4, depth=3, max_width=8)))


def test_samples_must_be_a_multiple_of_what_the_network_halves():
    check_crop(2 * MODEL.multiple, MODEL)
    with pytest.raises(TrainingError, match=f"multiple of {MODEL.multiple}"):
        check_crop(MODEL.multiple + 1, MODEL)
    with pytest.raises(TrainingError, match="1024 at most"):
        check_crop(16 * 1024, MODEL)


def test_a_checkpoint_to_start_from_keeps_its_layers():
    check_start(Path("a"), None, MODEL)
    check_start(Path("a"), 2, MODEL)
    with pytest.raises(TrainingError, match="has 2 layers, not 3"):
        check_start(Path("a"), 3, MODEL)
