"""The moving average of a network's weights."""

import pytest
import torch
from torch import nn

from corinpaint.train.average import MovingAverage


def line(value):
    model = nn.Linear(1, 1, bias=False)
    nn.init.constant_(model.weight, value)
    return model


def test_first_steps_soon_lose_their_weight_and_later_ones_hardly():
    model = line(0.0)
    average = MovingAverage(model, 0.998)
    nn.init.constant_(model.weight, 1.0)

    average.update(model, 1)
    assert average.model.weight.item() == pytest.approx(1 - 2 / 11)
    average.update(line(0.0), 10**6)
    assert average.model.weight.item() == pytest.approx(0.998 * (1 - 2 / 11))


def test_the_trained_network_is_left_alone():
    model = line(1.0)
    average = MovingAverage(model, 0.9)

    average.update(line(0.0), 5)

    assert model.weight.item() == 1
    assert model.weight.requires_grad
    assert not average.model.weight.requires_grad
    assert not average.model.training


def test_it_continues_from_its_state():
    average = MovingAverage(line(1.0), 0.9)
    average.update(line(0.0), 5)
    other = MovingAverage(line(7.0), 0.9)

    other.load_state_dict(average.state_dict())

    assert torch.equal(other.model.weight, average.model.weight)
