"""The smooth field: what it reproduces and how far it goes."""

import pytest
import torch

from corinpaint.model.prior import PriorConfig, PyramidPrior


def holed(size=256, side=64, start=96):
    mask = torch.ones(1, 1, size, size)
    mask[:, :, start : start + side, start : start + side] = 0
    return mask


def coordinates(size=256):
    line = torch.linspace(-1, 1, size)
    return line[:, None].expand(size, size)[None, None], line[None, :].expand(size, size)[None, None]


@pytest.mark.parametrize("side", [32, 128])
def test_a_constant_field_is_reproduced(side):
    mask = holed(side=side)

    field, reference = PyramidPrior(PriorConfig())(0.37 * mask, mask)

    torch.testing.assert_close(field, torch.full_like(field, 0.37), atol=1e-6, rtol=0)
    torch.testing.assert_close(reference, torch.full_like(field, 0.37), atol=1e-6, rtol=0)


@pytest.mark.parametrize(("side", "tolerance"), [(32, 0.001), (64, 0.004), (128, 0.012)])
def test_a_slope_with_curvature_runs_on_under_a_hole(side, tolerance):
    mask = holed(side=side, start=64)
    row, column = coordinates()
    image = 0.5 + 0.2 * row - 0.1 * column + 0.1 * row * column - 0.15 * column**2

    field, _ = PyramidPrior(PriorConfig())(image * mask, mask)

    assert (field - image)[mask == 0].abs().max() < tolerance


def test_noise_is_averaged_out_rather_than_carried_on():
    torch.manual_seed(0)
    mask = holed(side=32)
    image = 0.5 + 0.01 * torch.randn(1, 1, 256, 256)

    field, _ = PyramidPrior(PriorConfig())(image * mask, mask)

    assert (field - 0.5)[mask == 0].abs().max() < 0.005


def test_one_known_corner_reaches_the_whole_image():
    mask = torch.zeros(1, 1, 512, 512)
    mask[:, :, :32, :32] = 1

    field, _ = PyramidPrior(PriorConfig())(0.6 * mask, mask)

    torch.testing.assert_close(field, torch.full_like(field, 0.6), atol=1e-5, rtol=0)


def test_without_a_valid_pixel_the_field_is_zero():
    field, reference = PyramidPrior(PriorConfig())(torch.zeros(1, 1, 128, 128), torch.zeros(1, 1, 128, 128))

    assert not field.any()
    assert not reference.any()


def test_images_of_a_batch_do_not_mix():
    torch.manual_seed(0)
    images, masks = torch.rand(2, 1, 128, 128), (torch.rand(2, 1, 128, 128) > 0.5).float()
    prior = PyramidPrior(PriorConfig())

    together = prior(images * masks, masks)[0]

    torch.testing.assert_close(together[1:], prior(images[1:] * masks[1:], masks[1:])[0])


def test_gradients_reach_the_valid_pixels():
    mask = holed(size=128, side=32, start=32)
    image = torch.rand(1, 1, 128, 128).requires_grad_()

    PyramidPrior(PriorConfig())(image * mask, mask)[0][mask == 0].sum().backward()

    assert torch.isfinite(image.grad).all()
    assert image.grad[mask > 0].abs().sum() > 0
