"""Every term of the loss: what it measures, where, and that it teaches the network."""

import pytest
import torch

from corinpaint.model.stack import LayerStack, StackConfig, StackOutput
from corinpaint.model.unet import UNetConfig
from corinpaint.train.equalised.losses import Target, losses
from corinpaint.train.features.vgg import load_vgg
from corinpaint.train.loss_weights import TERMS, EqualisedLossWeights

SIDE = 64


@pytest.fixture(scope="module")
def features():
    return load_vgg("random")


def target(truth=None, known=None):
    truth = torch.rand(1, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(0)) if truth is None else truth
    known = torch.ones_like(truth) if known is None else known
    return Target(truth, known, torch.tensor([[-40.0, 32.0]]))


def rings():
    """Masks of a hole of 32 px that the first layer fills 8 px deep and the second wholly."""
    masks = [torch.ones(1, 1, SIDE, SIDE) for _ in range(3)]
    masks[0][:, :, 16:48, 16:48] = 0
    masks[1][:, :, 24:40, 24:40] = 0
    return masks


def output(first, second, truth):
    masks = rings()
    one = torch.where(masks[0] > 0, truth, first) * masks[1]
    two = torch.where(masks[1] > 0, one, second)
    return StackOutput((one, two), (first, second), tuple(masks))


def target_for(name):
    """Variation is not compared with that of the truth, so that only a flat truth costs nothing there."""
    return target(torch.full((1, 1, SIDE, SIDE), 0.5)) if name == "total_variation" else target()


def only(name, weight=1.0):
    return EqualisedLossWeights(**{TERMS[name]: weight})


@pytest.mark.parametrize("name", TERMS)
def test_a_perfect_prediction_costs_nothing(name, features):
    goal = target_for(name)

    terms = losses(output(goal.truth, goal.truth, goal.truth), goal, only(name), features)

    assert terms["total"] == pytest.approx(0, abs=1e-6)


@pytest.mark.slow
@pytest.mark.parametrize("name", TERMS)
def test_every_term_has_a_gradient_for_the_weights_of_the_network(name, features):
    torch.manual_seed(0)
    stack = LayerStack(StackConfig(unet=UNetConfig(base=4, depth=3, max_width=8, bottom=2)))
    for layer in stack.layers:
        torch.nn.init.normal_(layer.last.weight)
    truth = torch.rand(1, 1, 128, 128)
    mask = torch.ones_like(truth)
    mask[:, :, 32:96, 32:96] = 0
    goal = target(truth)

    losses(stack(truth * mask, mask), goal, only(name), features)["total"].backward()

    first = [p.grad.abs().sum() for p in stack.layers[0].parameters() if p.grad is not None]
    last = [p.grad.abs().sum() for p in stack.layers[1].parameters() if p.grad is not None]
    assert sum(first) > 0
    assert all(torch.isfinite(gradient) for gradient in first + last)
    if not name.endswith("inner"):
        assert sum(last) > 0


def test_pixel_inner_counts_the_first_layers_error_where_the_hole_is_still_missing():
    goal = target()
    wrong = goal.truth + 0.1

    terms = losses(output(wrong, wrong, goal.truth), goal, only("pixel_inner"))

    assert terms["pixel_inner"] == pytest.approx(0.1 * 16 * 16 / SIDE**2, rel=1e-4)


def test_pixel_diff_counts_each_layers_error_where_that_layer_fills():
    goal = target()

    terms = losses(output(goal.truth + 0.1, goal.truth + 0.3, goal.truth), goal, only("pixel_diff"))

    ring, middle = 32 * 32 - 16 * 16, 16 * 16
    assert terms["pixel_diff"] == pytest.approx((0.1 * ring + 0.3 * middle) / SIDE**2, rel=1e-4)


@pytest.mark.parametrize("name", ["pixel_inner", "pixel_diff", "radial_profile", "total_variation"])
def test_pixels_without_a_known_truth_do_not_count(name):
    goal = target(known=rings()[0])
    wrong = goal.truth + 0.5

    assert losses(output(wrong, wrong, goal.truth), goal, only(name))["total"] == 0


@pytest.mark.parametrize("name", TERMS)
def test_predictions_outside_the_hole_do_not_count(name, features):
    goal = target_for(name)
    wrong = torch.where(rings()[0] > 0, goal.truth + 5, goal.truth)

    terms = losses(output(wrong, wrong, goal.truth), goal, only(name), features)

    assert terms["total"] == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("name", TERMS)
def test_a_one_layer_stack_has_no_inner_region_and_no_nan(name, features):
    goal, masks = target(), rings()
    wrong = goal.truth + 0.1
    single = StackOutput((torch.where(masks[0] > 0, goal.truth, wrong),), (wrong,), (masks[0], masks[2]))

    total = losses(single, goal, only(name), features)["total"]

    assert torch.isfinite(total)
    assert (total == 0) == name.endswith("inner")


def test_total_variation_measures_steps_at_the_seam_alone():
    flat = target(torch.full((1, 1, SIDE, SIDE), 0.5))
    step = flat.truth + 0.1
    inside = flat.truth.clone()
    inside[:, :, 28:36, 28:36] += 0.1
    both = output(flat.truth, inside, flat.truth)

    seam = losses(output(step, step, flat.truth), flat, only("total_variation"))["total_variation"]

    assert losses(both, flat, only("total_variation"))["total_variation"] == 0
    assert seam == pytest.approx(4 * 32 * 0.1 / SIDE**2, rel=1e-4)


def test_the_radial_profile_sees_a_wrong_level_but_not_zero_mean_noise_along_a_ring():
    goal = target(torch.full((1, 1, SIDE, SIDE), 0.5))
    level = goal.truth + 0.1
    stripes = goal.truth + 0.1 * (-1.0) ** torch.arange(SIDE)[:, None]

    wrong = losses(output(level, level, goal.truth), goal, only("radial_profile"))["radial_profile"]
    noisy = losses(output(stripes, stripes, goal.truth), goal, only("radial_profile"))["radial_profile"]

    assert wrong > 0.01
    assert noisy < 0.2 * wrong


def test_the_sun_centre_of_the_radial_profile_is_a_column_and_a_row():
    """Seen from far on the left, rings are columns: an error that changes sign from row to row averages out."""
    flat = torch.full((1, 1, SIDE, SIDE), 0.5)
    goal = Target(flat, torch.ones_like(flat), torch.tensor([[-1e4, SIDE / 2]]))
    sign = torch.where(torch.arange(SIDE) < SIDE // 2, 1.0, -1.0)

    by_row, by_column = (
        losses(output(wrong, wrong, flat), goal, only("radial_profile"))["radial_profile"]
        for wrong in (flat + 0.1 * sign[:, None], flat + 0.1 * sign[None, :])
    )

    assert by_row < 0.1 * by_column


@pytest.mark.parametrize("name", ["perceptual", "style_inner", "style_diff"])
def test_feature_terms_grow_with_the_error(name, features):
    goal = target()
    noise = torch.rand(goal.truth.shape, generator=torch.Generator().manual_seed(9)) - 0.5

    small, large = (
        losses(output(*[goal.truth + size * noise] * 2, goal.truth), goal, only(name), features)["total"]
        for size in (0.1, 1.0)
    )

    assert 0 < small < large


def test_terms_without_a_weight_are_not_computed():
    goal = target()

    terms = losses(output(goal.truth, goal.truth, goal.truth), goal, EqualisedLossWeights(alpha_2=1, lambda_1=2))

    assert set(terms) == {"pixel_diff", "total_variation", "total"}


def test_the_total_is_the_weighted_sum(features):
    goal = target()
    wrong = goal.truth * 0.8
    weights = EqualisedLossWeights(1, 2, 3, 4, 5, 6, 7)

    terms = losses(output(wrong, wrong, goal.truth), goal, weights, features)

    expected = sum(getattr(weights, weight) * terms[name] for name, weight in TERMS.items())
    torch.testing.assert_close(terms["total"], expected)


def test_feature_terms_without_an_extractor_are_refused():
    goal = target()

    with pytest.raises(ValueError, match="feature extractor"):
        losses(output(goal.truth, goal.truth, goal.truth), goal, only("perceptual"))
