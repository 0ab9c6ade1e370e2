"""Partial convolution, compared with equation (1) written out as loops."""

import itertools

import numpy as np
import pytest
import torch

from corinpaint.model.partial import PartialConv2d


def by_loops(layer, features, mask):
    weight, bias = layer.weight.detach().double().numpy(), layer.bias.detach().double().numpy()
    full = np.concatenate(
        [np.repeat(mask[:, [g]], size, axis=1) for g, size in enumerate(layer.groups_in)], axis=1
    ).astype(np.float64)
    pad = layer.kernel // 2
    widths = ((0, 0), (0, 0), (pad, pad), (pad, pad))
    x, m = np.pad(features.astype(np.float64), widths), np.pad(full, widths)
    rows = range(0, features.shape[2], layer.stride)
    columns = range(0, features.shape[3], layer.stride)
    values = np.zeros((features.shape[0], weight.shape[0], len(rows), len(columns)))
    new_mask = np.zeros((features.shape[0], 1, len(rows), len(columns)))
    for n, (i, row), (j, column) in itertools.product(range(len(x)), enumerate(rows), enumerate(columns)):
        window = np.s_[n, :, row : row + layer.kernel, column : column + layer.kernel]
        if m[window].sum() == 0:
            continue
        new_mask[n, 0, i, j] = 1
        ratio = m[window].size / m[window].sum()
        values[n, :, i, j] = (weight * (x[window] * m[window])).sum(axis=(1, 2, 3)) * ratio + bias
    return values, new_mask


def random_case(groups, kernel, stride, share=0.4, seed=0):
    rng = np.random.default_rng(seed)
    torch.manual_seed(seed)
    layer = PartialConv2d(groups, 5, kernel=kernel, stride=stride)
    torch.nn.init.normal_(layer.bias)
    features = rng.normal(size=(2, sum(groups), 12, 10)).astype(np.float32)
    mask = (rng.random((2, len(groups), 12, 10)) < share).astype(np.float32)
    mask[:, :, :7, :6] = 0
    return layer, features, mask


@pytest.mark.parametrize("groups", [(1,), (3,), (4, 2), (2, 1, 3)])
@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (5, 2), (7, 2), (1, 1)])
def test_values_and_mask_follow_equation_1_also_over_empty_windows(groups, kernel, stride):
    layer, features, mask = random_case(groups, kernel, stride)

    values, new_mask = layer(torch.from_numpy(features), torch.from_numpy(mask))

    expected, expected_mask = by_loops(layer, features, mask)
    np.testing.assert_array_equal(new_mask.numpy(), expected_mask)
    assert 0 < expected_mask.mean() < 1
    np.testing.assert_allclose(values.detach().numpy(), expected, rtol=2e-5, atol=2e-5)


def test_one_mask_channel_per_group_equals_one_per_feature_channel():
    layer, features, mask = random_case((4, 2), 3, 2)
    per_channel = PartialConv2d((1,) * 6, 5, stride=2)
    per_channel.load_state_dict(layer.state_dict())
    full = torch.from_numpy(mask).repeat_interleave(torch.tensor([4, 2]), dim=1)

    grouped = layer(torch.from_numpy(features), torch.from_numpy(mask))
    ungrouped = per_channel(torch.from_numpy(features), full)

    assert torch.equal(grouped[0], ungrouped[0])
    assert torch.equal(grouped[1], ungrouped[1])


def test_a_full_mask_gives_an_ordinary_convolution_away_from_the_edge():
    layer, features, mask = random_case((3,), 3, 1)
    image = torch.from_numpy(features)

    values, _ = layer(image, torch.ones_like(torch.from_numpy(mask)))

    ordinary = torch.nn.functional.conv2d(image, layer.weight, layer.bias)
    torch.testing.assert_close(values[:, :, 1:-1, 1:-1], ordinary)


def test_values_of_masked_pixels_have_no_effect():
    layer, features, mask = random_case((3,), 3, 1)
    image, valid = torch.from_numpy(features), torch.from_numpy(mask)

    first = layer(image, valid)[0]
    second = layer(torch.where(valid > 0, image, 1e6), valid)[0]

    torch.testing.assert_close(first, second)


def test_an_empty_mask_gives_zero_and_an_empty_mask():
    layer, features, mask = random_case((2, 2), 3, 1)

    values, new_mask = layer(torch.from_numpy(features), torch.zeros_like(torch.from_numpy(mask)))

    assert not values.any()
    assert not new_mask.any()


def test_gradients_reach_weights_bias_and_valid_pixels_only():
    layer, features, mask = random_case((3,), 3, 1)
    image, valid = torch.from_numpy(features).requires_grad_(), torch.from_numpy(mask)

    layer(image, valid)[0].square().sum().backward()

    assert layer.weight.grad.abs().sum() > 0
    assert layer.bias.grad.abs().sum() > 0
    assert torch.isfinite(image.grad).all()
    assert image.grad[valid.expand_as(image) > 0].abs().sum() > 0
    assert not image.grad[valid.expand_as(image) == 0].any()


def test_no_state_is_kept_from_one_call_to_the_next():
    layer, features, mask = random_case((3,), 3, 1)
    image, valid = torch.from_numpy(features), torch.from_numpy(mask)
    before = layer(image, valid)[0]

    layer(image[:1, :, :6, :6], torch.ones_like(valid[:1, :, :6, :6]))

    assert torch.equal(layer(image, valid)[0], before)


def test_counts_stay_exact_under_mixed_precision():
    layer = PartialConv2d((128,), 1)
    torch.nn.init.zeros_(layer.weight)
    mask = torch.ones(1, 1, 8, 8)
    mask[..., 4] = 0

    with torch.autocast("cpu", dtype=torch.bfloat16):
        valid = layer(torch.ones(1, 128, 8, 8), mask)[1]

    assert valid.dtype == torch.float32
    assert valid.all()
