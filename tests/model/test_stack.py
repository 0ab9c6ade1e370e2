"""The stack of layers: the pixels that it copies, those that each layer fills, and the inputs that it refuses."""

import itertools
import warnings

import pytest
import torch

from corinpaint.lasco.errors import CheckpointError, WrongShapeError
from corinpaint.model.prior import PriorConfig
from corinpaint.model.stack import InferenceModule, LayerStack, StackConfig
from corinpaint.model.unet import UNetConfig

UNET = UNetConfig(base=4, depth=4, max_width=8, bottom=4)


def stack(layers=2, seed=0, **more):
    torch.manual_seed(seed)
    made = LayerStack(StackConfig(layers=layers, unet=UNET, **more))
    for layer in made.layers:
        torch.nn.init.normal_(layer.last.weight)
    return made.eval()


def holed(side, size=256, start=64):
    mask = torch.ones(1, 1, size, size)
    mask[:, :, start : start + side, start : start + side] = 0
    return mask


@pytest.fixture
def image():
    return torch.rand(1, 1, 256, 256, generator=torch.Generator().manual_seed(1))


@pytest.mark.parametrize("layers", [1, 2, 3])
@pytest.mark.parametrize("prior", ["pyramid", "none"])
def test_observed_pixels_are_bit_identical_after_every_layer(image, layers, prior):
    mask = holed(64)

    output = stack(layers, prior=prior)(image, mask)

    assert len(output.filled) == len(output.predictions) == layers
    for filled in output.filled:
        assert torch.equal(filled[mask > 0], image[mask > 0])


@pytest.mark.parametrize("layers", [1, 2, 3, 4])
@pytest.mark.parametrize("side", [32, 64, 128])
def test_masks_grow_from_layer_to_layer_and_no_layer_but_the_last_is_idle(image, layers, side):
    masks = stack(layers)(image, holed(side)).masks

    assert len(masks) == layers + 1
    for index, (before, after) in enumerate(itertools.pairwise(masks)):
        assert (after >= before).all()
        if index + 1 < layers:
            assert after.sum() > before.sum()
    assert masks[-1].all()


def test_with_two_layers_both_work_on_a_hole_of_one_block(image):
    masks = stack(2)(image, holed(32)).masks

    missing = [int((mask == 0).sum()) for mask in masks]
    assert missing == [32 * 32, 16 * 16, 0]


def test_a_layer_fills_only_its_part_and_leaves_the_rest_missing(image):
    output = stack(2)(image, holed(128))

    assert not output.filled[0][output.masks[1] == 0].any()
    new = (output.masks[1] > 0) & (output.masks[0] == 0)
    assert torch.equal(output.filled[0][new], output.predictions[0][new])
    assert torch.equal(output.filled[1][new], output.filled[0][new])


@pytest.mark.parametrize("garbage", [float("nan"), float("inf"), 1e30])
@pytest.mark.parametrize("prior", ["pyramid", "none"])
def test_values_in_holes_have_no_effect(image, garbage, prior):
    mask, model = holed(64), stack(prior=prior)

    clean = model(image, mask)
    dirty = model(torch.where(mask > 0, image, garbage), mask)

    for first, second in zip(clean.filled + clean.predictions, dirty.filled + dirty.predictions, strict=True):
        assert torch.equal(first, second)


def test_gradients_stay_finite_with_nan_in_the_holes(image):
    mask, model = holed(64), stack()

    output = model(torch.where(mask > 0, image, float("nan")), mask)
    output.filled[-1].square().mean().backward()

    assert all(torch.isfinite(parameter.grad).all() for parameter in model.parameters())


def test_an_untrained_stack_predicts_the_prior(image):
    mask = holed(32)
    model = LayerStack(StackConfig(layers=1, unet=UNET))

    output = model(image, mask)

    assert torch.equal(output.predictions[0], model.prior(image * mask, mask)[0])


@pytest.mark.parametrize("prior", ["pyramid", "none"])
def test_an_image_without_holes_is_copied(image, prior):
    restored, mask_out = InferenceModule(stack(prior=prior))(image, torch.ones_like(image))

    assert torch.equal(restored, image)
    assert mask_out.all()


@pytest.mark.parametrize("prior", ["pyramid", "none"])
def test_a_nearly_empty_image_gives_finite_values(image, prior):
    mask = torch.zeros_like(image)
    mask[0, 0, 100, 100] = 1

    restored, mask_out = InferenceModule(stack(prior=prior))(image, mask)

    assert torch.isfinite(restored).all()
    assert restored[0, 0, 100, 100] == image[0, 0, 100, 100]
    assert mask_out.sum() > 1


@pytest.mark.parametrize("prior", ["pyramid", "none"])
def test_an_empty_image_stays_empty(image, prior):
    restored, mask_out = InferenceModule(stack(prior=prior))(image, torch.zeros_like(image))

    assert not restored.any()
    assert not mask_out.any()


def test_a_hole_is_filled_over_the_stated_reach_from_every_side():
    model = stack()
    mask = holed(2 * model.reach, size=384)

    assert model(torch.rand(1, 1, 384, 384), mask).masks[-1].all()


def test_the_default_stack_reaches_across_eight_blocks_with_fewer_than_a_million_weights():
    model = LayerStack()

    assert model.reach >= 128
    assert sum(parameter.numel() for parameter in model.parameters()) < 1_000_000
    assert 1024 % model.multiple == 0


@pytest.mark.parametrize("shape", [(1, 1, 100, 128), (1, 1, 128, 96)])
def test_a_size_that_does_not_fit_is_refused_with_the_multiple(shape):
    with pytest.raises(WrongShapeError, match="multiples of 128"):
        stack()(torch.rand(shape), torch.ones(shape))


def test_shapes_that_differ_are_refused():
    with pytest.raises(WrongShapeError, match="must both be"):
        stack()(torch.rand(1, 1, 128, 128), torch.ones(1, 1, 256, 256))


def test_the_multiple_follows_the_deeper_of_network_and_pyramid():
    assert StackConfig(unet=UNetConfig(depth=5), pyramid=PriorConfig(coarsest=7)).multiple() == 128
    assert StackConfig(unet=UNetConfig(depth=5), prior="none").multiple() == 32


def test_a_configuration_is_read_back_from_plain_values():
    config = StackConfig(layers=3, unet=UNET, growth=6)

    assert StackConfig.from_dict(config.as_dict()) == config


@pytest.mark.parametrize("values", [{}, {"unet": {"colour": 1}, "pyramid": {}}, {"unet": {}, "pyramid": {}, "x": 1}])
def test_values_that_do_not_describe_a_stack_are_refused(values):
    with pytest.raises(CheckpointError, match="not an architecture"):
        StackConfig.from_dict(values)


def test_a_stack_without_layers_is_refused():
    with pytest.raises(CheckpointError, match="at least one layer"):
        LayerStack(StackConfig(layers=0))


@pytest.mark.slow
def test_a_trace_accepts_other_sizes_batches_and_masks(image):
    model = InferenceModule(stack())
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`torch.jit", DeprecationWarning)
        warnings.filterwarnings("ignore", "`torch.jit", FutureWarning)
        with torch.no_grad():
            traced = torch.jit.trace(model, (image, holed(64)))

    other = torch.rand(2, 1, 128, 384)
    for mask in (holed(32, 384, 32)[:, :, :128].expand(2, -1, -1, -1), torch.zeros_like(other)):
        with torch.no_grad():
            for first, second in zip(traced(other, mask), model(other, mask), strict=True):
                torch.testing.assert_close(first, second)


def test_the_prior_keeps_full_precision_under_mixed_precision(image):
    mask, model = holed(32), LayerStack(StackConfig(unet=UNET)).eval()

    plain = model(image, mask).predictions[0]
    with torch.no_grad(), torch.autocast("cpu", dtype=torch.bfloat16):
        mixed = model(image, mask)

    assert torch.equal(mixed.predictions[0], plain)
    assert torch.equal(mixed.filled[-1][mask > 0], image[mask > 0])


def test_more_layers_than_a_block_is_deep_are_refused():
    LayerStack(StackConfig(layers=17, unet=UNetConfig(base=4, depth=3, max_width=8, bottom=1)))
    with pytest.raises(CheckpointError, match="idle"):
        LayerStack(StackConfig(layers=18, unet=UNetConfig(base=4, depth=3, max_width=8, bottom=1)))
