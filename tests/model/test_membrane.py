"""Membrane interpolation: its boundary conditions, the holes that it spans, and images without valid pixels."""

import pytest
import torch

from corinpaint.model.membrane import interpolate_membrane

SIZE = 96


def holed(side=16, start=40):
    known = torch.ones(1, 1, SIZE, SIZE)
    known[:, :, start : start + side, start : start + side] = 0
    return known


def ramp():
    line = torch.arange(SIZE) / 8.0
    return (line[:, None] - 2 * line[None, :])[None, None]


@pytest.mark.parametrize("sweeps", [0, 3])
def test_a_constant_image_is_reproduced(sweeps):
    torch.testing.assert_close(
        interpolate_membrane(torch.full((1, 1, SIZE, SIZE), 7.0), holed(), sweeps), 7.0 + 0 * holed()
    )


def test_valid_pixels_are_reproduced_exactly():
    image = torch.randn(1, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    known = (image > -0.5).float()

    surface = interpolate_membrane(image, known, 4)

    assert torch.equal(surface[known > 0], image[known > 0])
    assert not torch.equal(surface[known == 0], image[known == 0])


@pytest.mark.parametrize("side", [4, 16, 32])
def test_a_slope_continues_across_a_hole(side):
    known, image = holed(side), ramp()

    surface = interpolate_membrane(image * known, known, 6)

    slope = image[known == 0].max() - image[known == 0].min()
    assert (surface - image)[known == 0].abs().max() < 0.05 * slope


def test_the_error_decreases_with_the_number_of_sweeps():
    known, image = holed(32), ramp()

    errors = [
        (interpolate_membrane(image * known, known, sweeps) - image)[known == 0].abs().max() for sweeps in (1, 6, 60)
    ]

    assert errors[0] > errors[1] > errors[2]
    assert errors[2] < 0.01


def test_the_membrane_stays_within_the_range_of_the_valid_pixels():
    image = torch.rand(1, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(0))

    surface = interpolate_membrane(image, holed(48, 24), 5)

    assert surface.min() >= image.min()
    assert surface.max() <= image.max()


def test_values_in_holes_have_no_effect():
    known, image = holed(), ramp()

    assert torch.equal(
        interpolate_membrane(image, known, 3), interpolate_membrane(torch.where(known > 0, image, 1e6), known, 3)
    )


def test_an_image_without_valid_pixels_gives_zero():
    assert not interpolate_membrane(ramp(), torch.zeros(1, 1, SIZE, SIZE), 3).any()


def test_one_valid_corner_fills_a_whole_image_after_many_sweeps():
    known = torch.zeros(1, 1, SIZE, SIZE)
    known[:, :, :16, :16] = 1

    few, many = (interpolate_membrane(3 * known, known, sweeps)[0, 0, 80, 80] for sweeps in (2, 800))

    assert few < many
    assert many > 2.9


def test_images_of_a_batch_do_not_mix():
    images = torch.rand(2, 1, SIZE, SIZE, generator=torch.Generator().manual_seed(0))
    known = torch.cat((holed(), holed(32, 8)))

    torch.testing.assert_close(
        interpolate_membrane(images, known, 3)[1:], interpolate_membrane(images[1:], known[1:], 3)
    )
