"""The presets: the published numbers, and ours."""

from dataclasses import replace

import pytest

from corinpaint.lasco.errors import OptionError
from corinpaint.train.loss_weights import EqualisedLossWeights, LogPolarLossWeights
from corinpaint.train.presets import PRESETS, preset


def test_pretrain_has_the_published_numbers():
    found = preset("pretrain")

    assert (found.batch, found.learning_rate, found.clip, found.layers) == (4, 2e-4, 0.005, 2)
    assert found.weights == EqualisedLossWeights(6, 6, 0.05, 120, 120, 0, 0)


def test_finetune_has_the_published_numbers():
    found = preset("finetune")

    assert (found.learning_rate, found.clip) == (5e-5, 0.0005)
    assert found.weights == EqualisedLossWeights(0.2, 0.8, 0.2, 1.2, 1.8, 0, 0)


def test_the_log_polar_preset_has_the_numbers_that_were_found_for_it():
    found = preset("log-polar")

    assert (found.batch, found.learning_rate, found.clip, found.warmup, found.crop) == (16, 1e-3, 1.0, 100, 384)
    assert found.weights == LogPolarLossWeights(fill=1.0, interval=0.1)


def test_the_preset_with_features_differs_from_the_log_polar_one_in_nothing_but_its_losses():
    found = preset("log-polar-features")

    assert found.weights.needs_features()
    assert replace(found, weights=LogPolarLossWeights()) == preset("log-polar")


def test_the_preset_of_levels_differs_from_the_log_polar_one_in_nothing_else():
    assert replace(preset("log-polar-levels"), levels="noise") == preset("log-polar")


def test_the_first_preset_needs_no_features():
    assert not preset("first").weights.needs_features()
    assert preset("first").weights.active() == ("pixel_inner", "pixel_diff")


def test_an_unknown_preset_is_refused_with_those_that_exist():
    with pytest.raises(OptionError, match=", ".join(PRESETS)):
        preset("best")


def test_the_name_of_earlier_versions_is_accepted_with_a_warning():
    with pytest.warns(DeprecationWarning, match="'straight' is called 'log-polar' now"):
        assert preset("straight") is PRESETS["log-polar"]
