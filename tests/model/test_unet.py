"""The UNet: where it predicts, how far its mask grows, and which pixels have no effect."""

import json
from dataclasses import asdict, replace

import pytest
import torch

from corinpaint.model.unet import UNet, UNetConfig

SMALL = UNetConfig(base=4, depth=3, max_width=8, bottom=2)


def network(config=SMALL):
    torch.manual_seed(0)
    net = UNet(config)
    torch.nn.init.normal_(net.last.weight)
    return net.eval()


def test_widths_double_up_to_the_limit():
    assert UNetConfig(base=24, depth=5, max_width=64).widths() == (24, 48, 64, 64, 64)


def test_output_has_the_size_of_the_input():
    values, mask = network()(torch.rand(2, 1, 48, 64), torch.ones(2, 1, 48, 64))

    assert values.shape == mask.shape == (2, 1, 48, 64)


def test_an_untrained_network_predicts_zero():
    values, _ = UNet(SMALL)(torch.rand(1, 1, 32, 32), torch.ones(1, 1, 32, 32))

    assert not values.any()


@pytest.mark.parametrize("offset", [0, 5, 8])
def test_a_hole_is_filled_over_the_stated_reach_from_every_side(offset):
    net = network()
    half = net.reach
    mask = torch.ones(1, 1, 128, 128)
    mask[:, :, 32 + offset : 32 + offset + 2 * half, 32 + offset : 32 + offset + 2 * half] = 0

    assert 0 < half < 48
    assert net(torch.rand(1, 1, 128, 128), mask)[1].all()


def test_far_from_any_valid_pixel_nothing_is_predicted():
    mask = torch.zeros(1, 1, 256, 256)
    mask[:, :, :8, :8] = 1

    values, reached = network()(torch.rand(1, 1, 256, 256), mask)

    assert not reached[:, :, -64:, -64:].any()
    assert not values[reached == 0].any()


def test_values_in_holes_have_no_effect():
    net, image, mask = network(), torch.rand(1, 1, 64, 64), torch.ones(1, 1, 64, 64)
    mask[:, :, 16:48, 16:48] = 0

    other = torch.where(mask > 0, image, 7.0)

    torch.testing.assert_close(net(image, mask)[0], net(other, mask)[0])


def test_every_weight_takes_part():
    net, mask = network().train(), torch.ones(1, 1, 64, 64)
    mask[:, :, 16:48, 16:48] = 0

    net(torch.rand(1, 1, 64, 64), mask)[0].square().sum().backward()

    assert all(parameter.grad.abs().sum() > 0 for parameter in net.parameters())


RICH = UNetConfig(base=4, depth=3, max_width=8, bottom=1, residual=1, inputs=(3, 1), extras=2, outputs=2)


def given(size=64):
    torch.manual_seed(1)
    return torch.rand(1, 4, size, size), torch.ones(1, 2, size, size), torch.rand(1, 2, size, size)


def test_groups_extras_and_outputs_fit_together():
    values, mask = network(RICH)(*given())

    assert values.shape == (1, 2, 64, 64)
    assert mask.shape == (1, 1, 64, 64)


def test_every_weight_of_a_network_with_residual_convolutions_and_extras_takes_part():
    net, (image, mask, extras) = network(RICH).train(), given()
    mask[:, :, 16:48, 16:48] = 0

    net(image, mask, extras)[0].square().sum().backward()

    assert all(parameter.grad.abs().sum() > 0 for parameter in net.parameters())


@pytest.mark.parametrize("offset", [0, 5, 8])
def test_residual_convolutions_extend_the_reach_as_stated(offset):
    net = network(RICH)
    half, (image, mask, extras) = net.reach, given(192)
    mask[:, :, 32 + offset : 32 + offset + 2 * half, 32 + offset : 32 + offset + 2 * half] = 0

    down, up = 2 + 4 + 8, 4 + 2
    assert half == network(replace(RICH, residual=0)).reach + down + up < 72
    assert net(image, mask, extras)[1].all()


def test_extras_change_the_prediction_but_not_the_mask():
    net, (image, mask, extras) = network(RICH), given(192)
    mask[:, :, :, 16:] = 0

    values, reached = net(image, mask, extras)
    others, reached_too = net(image, mask, extras + 1)

    assert 0 < reached.mean() < 1
    assert torch.equal(reached, reached_too)
    assert not torch.equal(values, others)
    assert not values[:, :, reached[0, 0] == 0].any()


def test_a_prediction_is_possible_from_one_valid_group():
    net, (image, mask, extras) = network(RICH), given()
    mask[:, 0] = 0

    values, reached = net(image, mask, extras)

    assert reached.all()
    assert torch.equal(values, net(torch.cat((image[:, :3] + 5, image[:, 3:]), 1), mask, extras)[0])


def test_a_configuration_is_read_back_from_json():
    assert UNetConfig.from_dict(json.loads(json.dumps(asdict(RICH)))) == RICH


def test_a_configuration_of_an_earlier_version_has_one_input_channel_and_no_extras():
    assert UNetConfig.from_dict({"base": 8}) == UNetConfig(base=8, residual=0, inputs=(1,), extras=0, outputs=1)


def test_scaling_the_residual_weights_changes_no_other_weight():
    net, before = network(RICH), network(RICH).state_dict()

    net.scale_residual_weights(0.5)

    for name, values in net.state_dict().items():
        is_residual = "residual" in name or name.startswith("bottom")
        factor = 0.5 if is_residual and name.endswith("weight") else 1
        assert torch.equal(values, factor * before[name]), name
