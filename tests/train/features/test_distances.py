"""Distances between images by their features."""

import pytest
import torch

from corinpaint.train.features.distances import distance, gram


def test_the_distance_is_the_mean_absolute_difference_summed_over_the_layers():
    taps = [torch.zeros(2, 3, 4, 4), torch.ones(2, 6, 2, 2)]
    others = [torch.full((2, 3, 4, 4), -0.5), torch.full((2, 6, 2, 2), 3.0)]
    assert distance(taps, others) == pytest.approx(0.5 + 2)
    assert distance(taps, taps) == 0


def test_a_gram_matrix_does_not_depend_on_where_in_the_image_features_are():
    tap = torch.rand(2, 3, 4, 5)
    moved = tap.flip(2).roll(2, dims=3)
    assert gram(tap).shape == (2, 3, 3)
    torch.testing.assert_close(gram(moved), gram(tap))
    assert not torch.allclose(gram(tap.flip(1)), gram(tap))


def test_a_gram_matrix_is_divided_by_the_number_of_features():
    torch.testing.assert_close(gram(torch.ones(1, 2, 3, 4)), torch.full((1, 2, 2), 1 / 2))


def test_gram_matrices_are_in_full_precision():
    assert gram(torch.ones(1, 2, 3, 4, dtype=torch.bfloat16)).dtype == torch.float32
