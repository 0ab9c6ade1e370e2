"""The network for log-polar windows: its prior, the inputs of its layers, and the inputs that it refuses."""

import pytest
import torch

from corinpaint.lasco.errors import CheckpointError, WrongShapeError
from corinpaint.model.log_polar import LogPolarConfig, LogPolarStack
from corinpaint.model.log_polar_config import EXTRAS, INPUTS
from corinpaint.model.unet import UNetConfig

UNET = UNetConfig(base=4, depth=2, max_width=8, bottom=1, residual=1, inputs=INPUTS, extras=EXTRAS, outputs=2)
SIDE = 192
PLACE = (300.0, 1.0)


def stack(layers=1, fresh=False, **more):
    torch.manual_seed(0)
    made = LogPolarStack(LogPolarConfig(layers=layers, unet=UNET, **more))
    for layer in made.layers if not fresh else ():
        torch.nn.init.normal_(layer.last.weight, std=0.1)
    return made.eval()


def window(truth, side=48, start=72, context=None):
    """A window with a hole, with a context or without, at `PLACE`."""
    mask = torch.ones(1, 2, SIDE, SIDE)
    mask[:, 0, start : start + side, start : start + side] = 0
    mask[:, 1] = context is not None
    return torch.cat((truth, torch.zeros_like(truth) if context is None else context), 1), mask, torch.tensor([PLACE])


def ramp(fall=30.0):
    """A power law of the radius: a straight line along the columns."""
    return (100 - fall * torch.linspace(-1, 1, SIDE))[None, None, :, None].expand(1, 1, SIDE, SIDE)


def noisy(seed=1):
    """A decrease with the radius, streaks along the columns, and noise of standard deviation 1."""
    streaks = 3 * torch.sin(torch.arange(SIDE) / 6.0)[None, None, None, :]
    return ramp() + streaks + torch.randn(1, 1, SIDE, SIDE, generator=torch.Generator().manual_seed(seed))


def run(model, given):
    with torch.no_grad():
        return model(*given)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("context", [None, noisy(2)])
def test_an_untrained_network_predicts_its_prior_and_the_standard_deviation_of_the_noise(layers, context):
    model, given = stack(layers, fresh=True), window(noisy(), context=context)

    with torch.no_grad():
        cells = model.predict_cells(*given)
    _, reached, scale = run(model, given)

    assert len(cells.predictions) == layers
    for prediction in cells.predictions:
        assert torch.equal(prediction, cells.prior)
    assert reached.all()
    assert (scale == 1).all()


def test_cells_are_upsampled_without_a_shift():
    truth = (ramp() + ramp(20).mT).contiguous()

    filled, _, _ = run(stack(fresh=True), window(truth, side=0))

    assert (filled - truth)[..., 2:-2, 2:-2].abs().max() < 0.02


def test_the_scale_is_interpolated_from_that_of_the_cells():
    model, given = stack(2), window(noisy())

    with torch.no_grad():
        widths = model.predict_cells(*given).log_scale.exp()
    _, _, scale = run(model, given)

    assert widths.max() > 1.01 * widths.min()
    assert widths.min() <= scale.min() < scale.max() <= widths.max()


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("side", [32, 64, 96])
def test_a_power_law_of_the_radius_continues_across_a_hole(layers, side):
    given = window(ramp(), side, (SIDE - side) // 2)

    filled, _, _ = run(stack(layers, fresh=True), given)

    slope = 60 * side / SIDE
    assert (filled - ramp())[given[1][:, :1] == 0].abs().max() < 0.04 * slope


@pytest.mark.parametrize("context", [None, ramp()])
def test_cells_that_are_valid_in_part_count_with_their_valid_pixels(context):
    given = window(ramp(), 50, 71, context)
    given[1][:, 1, 33:43] = 0

    filled, _, _ = run(stack(fresh=True), given)

    assert (filled - ramp())[..., 2:-2, 2:-2].abs().max() < 0.6


@pytest.mark.parametrize("radius", [60.0, 1e6])
def test_pixels_near_the_sun_that_a_window_samples_many_times_have_less_weight(radius):
    truth = 100 + 10 * torch.sign(torch.linspace(-1, 1, SIDE))[None, None, :, None].expand(1, 1, SIDE, SIDE)
    image, mask, _ = window(truth)
    mask[:, 0, 64:128] = 0

    filled, _, _ = run(stack(fresh=True), (image, mask, torch.tensor([(radius, 1.0)])))

    inside = filled[mask[:, :1] == 0].mean() - 100
    assert inside.abs() < 0.1 if radius > 1e5 else inside > 0.3


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("garbage", [float("nan"), float("inf"), 1e30])
def test_values_of_masked_pixels_have_no_effect(layers, garbage):
    model, (image, mask, place) = stack(layers), window(noisy())

    clean = run(model, (image, mask, place))
    dirty = run(model, (torch.where(mask > 0, image, garbage), mask, place))

    for first, second in zip(clean, dirty, strict=True):
        assert torch.equal(first, second)


@pytest.mark.parametrize("layers", [1, 2])
@pytest.mark.parametrize("context", [None, noisy(2)])
def test_a_brighter_window_is_filled_brighter_and_with_the_same_scale(layers, context):
    model, (image, mask, place) = stack(layers), window(noisy(), context=context)

    filled, _, scale = run(model, (image, mask, place))
    brighter, _, scale_too = run(model, (image + 50, mask, place))

    torch.testing.assert_close(brighter, filled + 50, atol=2e-2, rtol=0)
    torch.testing.assert_close(scale_too, scale, atol=1e-2, rtol=1e-2)


def test_context_shows_structure_that_the_surroundings_do_not():
    row, column = torch.meshgrid(torch.arange(SIDE), torch.arange(SIDE), indexing="ij")
    cloud = 20 * torch.exp(-((row - 96) ** 2 + (column - 96) ** 2) / (2 * 10.0**2))[None, None]
    truth = ramp() + cloud
    model = stack(fresh=True)

    without, given = (window(truth, context=context) for context in (None, truth))
    inside = given[1][:, :1] == 0
    errors = [(run(model, one)[0] - truth)[inside].abs().max() for one in (without, given)]

    assert errors[0] > 10
    assert errors[1] < 1


def test_a_prediction_is_possible_from_the_context_alone():
    image, mask, place = window(noisy(), context=noisy(2))
    mask[:, 0] = 0

    filled, reached, _ = run(stack(fresh=True), (image, mask, place))

    assert reached.all()
    averaged = (torch.nn.functional.avg_pool2d(one, 8) for one in (filled, noisy(2)))
    torch.testing.assert_close(*averaged, atol=1.0, rtol=0)


def test_a_change_since_the_context_is_followed():
    truth, given = ramp(), window(ramp(), context=noisy() + 40)

    filled, _, _ = run(stack(fresh=True), given)

    streaks = noisy() - ramp()
    inside = given[1][:, :1] == 0
    assert (filled - truth)[inside].abs().max() < 1.5 * streaks.abs().max()
    assert (filled - truth)[inside].mean().abs() < 1


def test_the_context_is_an_input_of_the_network_and_not_only_of_its_prior():
    model, (image, mask, place) = stack(), window(noisy(), context=noisy(2))
    blind = mask.clone()
    blind[:, 1] = 0

    with torch.no_grad():
        seen, unseen = model.predict_cells(image, mask, place), model.predict_cells(image, blind, place)

    assert not torch.equal(seen.log_scale, unseen.log_scale)


def test_the_prediction_depends_on_the_place_of_the_window():
    model, (image, mask, place) = stack(), window(noisy())

    assert not torch.equal(run(model, (image, mask, place))[0], run(model, (image, mask, place * 1.5))[0])


@pytest.mark.parametrize("layers", [1, 2, 3])
def test_a_hole_is_filled_over_the_stated_reach_from_every_side(layers):
    model = stack(layers)
    size = 2 * model.reach + 128
    size += -size % model.multiple
    mask = torch.zeros(1, 2, size, size)
    mask[:, 0] = 1
    mask[:, :, 61 : 61 + 2 * model.reach, 61 : 61 + 2 * model.reach] = 0

    filled, reached, scale = run(model, (torch.rand(1, 2, size, size), mask, torch.tensor([PLACE])))

    assert reached.all()
    assert torch.isfinite(filled).all()
    assert (scale > 0).all()


def test_beyond_its_reach_the_network_predicts_nothing():
    model = stack()
    mask = torch.zeros(1, 2, 384, 384)
    mask[:, 0, :16, :16] = 1

    filled, reached, _ = run(model, (100 + torch.rand(1, 2, 384, 384), mask, torch.tensor([PLACE])))

    assert 0 < reached.mean() < 1
    assert not filled[reached == 0].any()


def test_a_window_without_a_valid_pixel_stays_empty():
    image, mask, place = window(noisy())

    filled, reached, scale = run(stack(), (image, torch.zeros_like(mask), place))

    assert not filled.any()
    assert not reached.any()
    assert (scale == 1).all()


def test_with_two_layers_the_second_builds_on_what_the_first_filled():
    model, given = stack(2), window(noisy())
    before = run(model, given)[0]

    torch.nn.init.zeros_(model.layers[0].last.weight)

    assert not torch.equal(run(model, given)[0], before)


@pytest.mark.parametrize("layers", [1, 2])
def test_every_weight_takes_part_and_gradients_stay_finite_with_nan_under_the_hole(layers):
    model, (image, mask, place) = stack(layers), window(noisy(), context=noisy(2))

    filled, _, scale = model.train()(torch.where(mask > 0, image, float("nan")), mask, place)
    ((filled - 100).square().mean() + scale.square().mean()).backward()

    for layer in model.layers:
        assert all(torch.isfinite(parameter.grad).all() for parameter in layer.parameters())
        assert all(parameter.grad.any() for name, parameter in layer.named_parameters() if name != "last.bias")


def test_windows_of_a_batch_do_not_mix():
    model, (first, mask, place) = stack(2), window(noisy())
    images = torch.cat((first + 70, window(noisy(3), context=noisy(4))[0]))
    masks = torch.cat((mask, window(noisy(), 64, 10, noisy())[1]))
    places = torch.cat((place, torch.tensor([(150.0, 2.0)])))

    together, alone = run(model, (images, masks, places)), run(model, (images[1:], masks[1:], places[1:]))

    for both, one in zip(together, alone, strict=True):
        torch.testing.assert_close(both[1:], one, atol=1e-3, rtol=1e-5)


def test_the_prior_keeps_full_precision_under_mixed_precision():
    model, given = stack(fresh=True), window(noisy())

    plain = run(model, given)[0]
    with torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = run(model, given)[0]

    torch.testing.assert_close(mixed, plain, atol=1e-4, rtol=0)


def test_the_network_itself_is_exported():
    model = stack()

    assert model.inference_module() is model
    assert (len(model.inputs), len(model.outputs), model.channels) == (3, 3, 2)


def test_the_default_network_reaches_across_a_window_with_fewer_than_two_million_weights():
    model = LogPolarStack()

    assert model.reach >= 192
    assert sum(parameter.numel() for parameter in model.parameters()) < 2_000_000
    assert 384 % model.multiple == 0


def test_the_multiple_follows_the_deepest_of_network_pyramid_and_membrane():
    deep = UNetConfig(depth=6, inputs=INPUTS, extras=EXTRAS, outputs=2)

    assert LogPolarConfig(unet=UNET).multiple() == 4 * 16
    assert LogPolarConfig(unet=deep).multiple() == 4 * 64


@pytest.mark.parametrize(
    ("image", "mask", "place"),
    [
        ((1, 1, 64, 64), (1, 1, 64, 64), (1, 2)),
        ((1, 2, 64, 64), (1, 1, 64, 64), (1, 2)),
        ((1, 2, 64, 64), (1, 2, 64, 64), (2, 2)),
        ((2, 64, 64), (2, 64, 64), (1, 2)),
    ],
)
def test_shapes_that_do_not_fit_together_are_refused(image, mask, place):
    with pytest.raises(WrongShapeError, match=r"must both be \(N, 2, height, width\)"):
        stack()(torch.rand(image), torch.ones(mask), torch.ones(place))


@pytest.mark.parametrize("shape", [(1, 2, 60, 64), (1, 2, 64, 96)])
def test_a_size_that_does_not_fit_is_refused_with_the_multiple(shape):
    with pytest.raises(WrongShapeError, match="multiples of 64"):
        stack()(torch.rand(shape), torch.ones(shape), torch.ones(1, 2))


def test_no_layers_and_channels_of_another_design_are_refused():
    with pytest.raises(CheckpointError, match="at least one layer"):
        LogPolarStack(LogPolarConfig(layers=0, unet=UNET))
    with pytest.raises(CheckpointError, match="does not fit here"):
        LogPolarStack(LogPolarConfig(unet=UNetConfig()))


def test_the_scale_can_be_multiplied_and_nothing_else_changes():
    torch.manual_seed(1)
    model = LogPolarStack(LogPolarConfig(layers=2)).eval()
    image, mask = torch.randn(1, 2, 128, 128), torch.ones(1, 2, 128, 128)
    mask[:, :, 48:80, 48:80] = 0
    place = torch.tensor([[300.0, 1.0]])
    with torch.no_grad():
        before = model(image, mask, place)
        model.correct_scale(0.5)
        after = model(image, mask, place)
    assert torch.equal(before[0], after[0])
    assert torch.allclose(after[2], before[2] / 2, rtol=1e-5)
