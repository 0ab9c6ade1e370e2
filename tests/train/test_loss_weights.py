"""Weights of the loss terms."""

from dataclasses import fields

import pytest

from corinpaint.train.loss_weights import TERMS, EqualisedLossWeights, LogPolarLossWeights


@pytest.mark.parametrize("name", ["alpha_3", "alpha_4", "alpha_5"])
def test_perceptual_and_style_terms_need_features(name):
    assert EqualisedLossWeights(**{name: 1.0}).needs_features()


@pytest.mark.parametrize("name", ["perceptual", "style"])
def test_so_they_do_in_log_polar_windows_which_have_none_by_default(name):
    assert LogPolarLossWeights(**{name: 1.0}).needs_features()
    assert not LogPolarLossWeights().needs_features()


def test_terms_with_a_weight_are_active_by_their_names():
    assert EqualisedLossWeights(alpha_2=1, lambda_1=2).active() == ("pixel_diff", "total_variation")


def test_every_weight_belongs_to_a_term():
    assert set(TERMS.values()) == {field.name for field in fields(EqualisedLossWeights)}
