"""The smooth prior: the images that it reproduces and the distance over which it extrapolates."""

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
def test_a_constant_image_is_reproduced(side):
    mask = holed(side=side)

    field, reference = PyramidPrior(PriorConfig())(0.37 * mask, mask)

    torch.testing.assert_close(field, torch.full_like(field, 0.37), atol=1e-6, rtol=0)
    torch.testing.assert_close(reference, torch.full_like(field, 0.37), atol=1e-6, rtol=0)


@pytest.mark.parametrize(("side", "tolerance"), [(32, 0.001), (64, 0.004), (128, 0.012)])
def test_a_slope_with_curvature_continues_across_a_hole(side, tolerance):
    mask = holed(side=side, start=64)
    row, column = coordinates()
    image = 0.5 + 0.2 * row - 0.1 * column + 0.1 * row * column - 0.15 * column**2

    field, _ = PyramidPrior(PriorConfig())(image * mask, mask)

    assert (field - image)[mask == 0].abs().max() < tolerance


def test_noise_is_averaged_and_not_extrapolated():
    torch.manual_seed(0)
    mask = holed(side=32)
    image = 0.5 + 0.01 * torch.randn(1, 1, 256, 256)

    field, _ = PyramidPrior(PriorConfig())(image * mask, mask)

    assert (field - 0.5)[mask == 0].abs().max() < 0.005


def test_one_valid_corner_fills_the_whole_image():
    mask = torch.zeros(1, 1, 512, 512)
    mask[:, :, :32, :32] = 1

    field, _ = PyramidPrior(PriorConfig())(0.6 * mask, mask)

    torch.testing.assert_close(field, torch.full_like(field, 0.6), atol=1e-5, rtol=0)


def test_without_a_valid_pixel_the_prior_is_zero():
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


def rays(size=256):
    """Streaks along the columns of an image, 48 px wide, whose brightness falls along them."""
    row, column = coordinates(size)
    return 0.5 - 0.1 * row + 0.1 * torch.sin(2 * torch.pi * column * size / 2 / 48)


@pytest.mark.slow
@pytest.mark.parametrize("side", [32, 64])
def test_weights_that_are_narrow_along_the_rows_continue_streaks_along_the_columns_into_a_hole(side):
    mask, image = holed(side=side), rays()
    streaked, round_ = (PyramidPrior(PriorConfig(finest=1, sigma=4.0, across=a, radius=8)) for a in (1.5, None))

    def error(prior, image):
        return (prior(image * mask, mask)[0] - image)[mask == 0].abs().max()

    assert error(streaked, image) < 0.5 * error(round_, image)
    assert error(streaked, image) < 0.5 * error(streaked, image.mT)


def test_the_width_along_the_rows_is_that_along_the_columns_by_default():
    mask, image = holed(), rays()
    given, left_out = (PyramidPrior(PriorConfig(sigma=2.0, across=across)) for across in (2.0, None))

    assert torch.equal(given(image * mask, mask)[0], left_out(image * mask, mask)[0])


def test_pixels_contribute_in_proportion_to_their_weight():
    mask, image = torch.ones(1, 1, 128, 128), torch.ones(1, 1, 128, 128)
    image[..., ::2], mask[..., ::2] = 0, 0.25

    field, _ = PyramidPrior(PriorConfig())(image, mask)

    torch.testing.assert_close(field, torch.full_like(field, 0.8), atol=1e-5, rtol=0)


def test_the_prior_does_not_depend_on_the_unit_of_the_weights():
    mask, image = holed(), rays()
    prior = PyramidPrior(PriorConfig(ridge=1e-7))

    torch.testing.assert_close(prior(image, mask)[0], prior(image, 0.5 * mask)[0], atol=1e-3, rtol=0)
