"""Losses of the log-polar design."""

import math

import pytest
import torch

from corinpaint.model.log_polar import CellOutput
from corinpaint.train.log_polar.losses import DELTA, as_image, feature_losses, losses
from corinpaint.train.loss_weights import LogPolarLossWeights

CELL = 4
BOTH = LogPolarLossWeights(perceptual=1.0, style=1.0)


def output(prediction, log_scale=0.0, offset=0.0, layers=1):
    cells = torch.full((1, 1, 2, 2), float(prediction))
    scale = torch.full_like(cells, log_scale)
    return CellOutput((cells,) * layers, cells, scale, torch.ones_like(cells), torch.full((1, 1, 1, 1), offset))


def planes():
    weight = torch.zeros(1, 1, 8, 8)
    weight[..., :4, :4] = 1.0
    return torch.full((1, 1, 8, 8), 3.0), weight


def test_a_right_fill_costs_nothing_with_its_offset_put_back():
    truth, weight = planes()
    assert losses(output(1, offset=2.0), truth, weight, LogPolarLossWeights())["fill"] == 0


def test_far_off_the_fill_costs_its_absolute_error_in_every_layer():
    truth, weight = planes()
    one = losses(output(5), truth, weight, LogPolarLossWeights())["fill"]
    two = losses(output(5, layers=2), truth, weight, LogPolarLossWeights())["fill"]
    assert one == pytest.approx(2 - DELTA / 2)
    assert two == pytest.approx(2 * float(one))


def test_cells_are_compared_with_the_mean_of_their_missing_pixels_alone():
    truth, weight = planes()
    truth[..., :4, :2] += 1
    truth[..., :4, 2:4] -= 1
    truth[..., 4:, :] = 99
    truth[..., 0, 0] = 50
    weight[..., 0, 0] = 0
    missing = truth[..., :4, :4][weight[..., :4, :4] > 0].mean()
    found = losses(output(float(missing)), truth, weight, LogPolarLossWeights())["fill"]
    assert found == pytest.approx(0, abs=1e-6)


def test_holes_count_by_their_weight():
    truth, weight = planes()
    weight[..., 4:, 4:] = 3.0
    truth[..., 4:, 4:] = 13.0
    assert losses(output(3), truth, weight, LogPolarLossWeights())["fill"] == pytest.approx(
        0.75 * (10 - DELTA / 2), rel=1e-5
    )


def test_the_interval_costs_least_at_the_quantile_of_the_error():
    torch.manual_seed(0)
    truth = torch.randn(1, 1, 800, 800)
    weight = torch.ones_like(truth)
    cells = torch.zeros(1, 1, 200, 200)

    def cost(scale):
        one = torch.ones_like(cells)
        cells_output = CellOutput((cells,), cells, math.log(scale) * one, one, torch.zeros(1, 1, 1, 1))
        return float(losses(cells_output, truth, weight, LogPolarLossWeights(), pixel=(1, 3))["interval"])

    assert cost(1.0) < min(cost(0.85), cost(1.15))


def test_the_interval_does_not_move_the_fill():
    truth, weight = planes()
    found = output(5, log_scale=-2.0)
    prediction = found.predictions[0].clone().requires_grad_()
    scale = found.log_scale.clone().requires_grad_()
    cells = found._replace(predictions=(prediction,), log_scale=scale)

    losses(cells, truth, weight, LogPolarLossWeights(fill=0.0))["total"].backward()

    assert not prediction.grad.any()
    assert scale.grad.any()


def test_the_total_is_the_weighted_sum():
    truth, weight = planes()
    terms = losses(output(5), truth, weight, LogPolarLossWeights(fill=2.0, interval=0.5))
    assert terms["total"] == 2 * terms["fill"] + 0.5 * terms["interval"]


def test_shares_of_a_batch_average_to_the_whole():
    truth, weight = (torch.cat(pair) for pair in zip(planes(), planes(), strict=True))
    weight[1] *= 5
    truth[1] += 4
    whole = losses(_both(), truth, weight, LogPolarLossWeights())["total"]
    weights = [weight[k : k + 1] for k in range(2)]
    cells = [torch.nn.functional.avg_pool2d(one, CELL).sum() for one in weights]
    corners = [one[:, :, ::CELL, ::CELL].sum() for one in weights]

    def mean_of():
        means = iter([sum(cells) / 2, sum(corners) / 2])
        return lambda _: next(means)

    parts = [
        losses(output(1), truth[k : k + 1], weights[k], LogPolarLossWeights(), mean=mean_of())["total"]
        for k in range(2)
    ]
    assert sum(parts) / 2 == pytest.approx(float(whole))


def taps(image):
    return [image, image.repeat(1, 2, 1, 1)]


def test_features_are_compared_of_holes_with_the_prediction_and_with_the_truth_in_them():
    truth, weight = planes()
    valid = 1 - weight
    found = feature_losses(output(5, layers=2), truth, weight, valid, BOTH, taps)

    wrong, right = (as_image(torch.tensor(value)) for value in (5.0, 3.0))
    assert found["perceptual"] == pytest.approx(float(2 * 2 * (wrong - right) / 4), rel=1e-5)
    gram = (wrong**2 - right**2) / 4
    assert found["style"] == pytest.approx(float(2 * (gram + gram / 2)), rel=1e-5)


def test_a_right_fill_with_its_offset_put_back_has_no_loss_of_features():
    truth, weight = planes()
    found = feature_losses(output(1, offset=2.0), truth, weight, 1 - weight, BOTH, taps)
    assert found == {"perceptual": 0, "style": 0}


def test_cells_whose_truth_is_unknown_do_not_count_in_the_loss_of_features():
    truth, weight = planes()
    unknown = torch.zeros_like(truth)
    unknown[..., 4:, 4:] = 1
    images = []

    def kept(image):
        images.append(image)
        return taps(image)

    for value in (0.0, 99.0):
        truth[unknown > 0] = value
        feature_losses(output(5), truth, weight, (1 - weight) * (1 - unknown), BOTH, kept)

    target, filled, again, _ = images
    assert torch.equal(target, again)
    assert target[0, 0, 1, 1] == filled[0, 0, 1, 1] == as_image(torch.tensor(5.0))


def test_only_terms_of_features_with_a_weight_are_computed():
    truth, weight = planes()
    for name in ("perceptual", "style"):
        found = feature_losses(output(5), truth, weight, 1 - weight, LogPolarLossWeights(**{name: 1.0}), taps)
        assert list(found) == [name]


def test_an_image_of_cells_rises_from_0_to_1_and_is_one_half_at_the_level_of_the_window():
    image = as_image(torch.linspace(-320, 320, 9))
    assert image[4] == 0.5
    assert (image.diff() > 0).all()
    assert image[[0, -1]] == pytest.approx([0, 1], abs=2e-3)


def _both():
    return CellOutput(*(_twice(part) for part in output(1)))


def _twice(part):
    return tuple(_twice(one) for one in part) if isinstance(part, tuple) else torch.cat([part, part])
