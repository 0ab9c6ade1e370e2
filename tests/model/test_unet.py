"""The UNet: where it predicts, how far it reaches, what it does not look at."""

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


def test_a_fresh_network_predicts_zero():
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


def test_values_under_holes_do_not_matter():
    net, image, mask = network(), torch.rand(1, 1, 64, 64), torch.ones(1, 1, 64, 64)
    mask[:, :, 16:48, 16:48] = 0

    other = torch.where(mask > 0, image, 7.0)

    torch.testing.assert_close(net(image, mask)[0], net(other, mask)[0])


def test_every_weight_takes_part():
    net, mask = network().train(), torch.ones(1, 1, 64, 64)
    mask[:, :, 16:48, 16:48] = 0

    net(torch.rand(1, 1, 64, 64), mask)[0].square().sum().backward()

    assert all(parameter.grad.abs().sum() > 0 for parameter in net.parameters())
