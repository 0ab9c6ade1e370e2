"""How the published design is trained; what comes of it is tested in `test_loop`."""

import pytest
from noise_scenes import small_log_polar
from torch.optim import Adam

from corinpaint.lasco.errors import TrainingError
from corinpaint.train.config import TrainConfig
from corinpaint.train.equalised.recipe import EqualisedRecipe


def test_it_is_trained_by_adam_and_its_weights_are_not_averaged(tmp_path):
    recipe = EqualisedRecipe(TrainConfig(tmp_path, preset="first", learning_rate=0.5))

    assert recipe.average is None
    assert isinstance(recipe.optimizer(), Adam)
    assert recipe.optimizer().param_groups[0]["lr"] == 0.5


def test_a_checkpoint_of_the_other_design_is_refused(tmp_path):
    with pytest.raises(TrainingError, match="another design"):
        EqualisedRecipe(TrainConfig(tmp_path, preset="first", init=small_log_polar(tmp_path / "small.safetensors")))


def test_features_are_read_only_for_terms_that_need_them(tmp_path):
    assert EqualisedRecipe(TrainConfig(tmp_path, preset="first", vgg="none")).features is None
    with pytest.raises(TrainingError, match="need VGG features"):
        EqualisedRecipe(TrainConfig(tmp_path, preset="pretrain", vgg="none"))
