"""The network for sequences: its context frames, which may be absent, and how it begins."""

import json

import pytest
import torch

from corinpaint.lasco.errors import CheckpointError, WrongShapeError
from corinpaint.model.log_polar import LogPolarStack
from corinpaint.model.log_polar_config import EXTRAS, INPUTS, LogPolarConfig
from corinpaint.model.sequence import BESIDE, NEIGHBOURS, SequenceConfig, SequenceStack, from_single
from corinpaint.model.unet import UNetConfig

SINGLE = UNetConfig(base=4, depth=2, max_width=8, bottom=1, residual=1, inputs=INPUTS, extras=EXTRAS, outputs=2)
UNET = UNetConfig(**{**vars(SINGLE), "beside": BESIDE})
SIDE = 128
HOURS = (0.2, 0.4, -0.2, -0.4)


def single():
    torch.manual_seed(0)
    made = LogPolarStack(LogPolarConfig(unet=SINGLE))
    torch.nn.init.normal_(made.layers[0].last.weight, std=0.1)
    return made.eval()


def stack(layers=1):
    torch.manual_seed(0)
    made = SequenceStack(SequenceConfig(layers=layers, unet=UNET))
    for layer in made.layers:
        for convolution in (layer.last, *layer.beside):
            torch.nn.init.normal_(convolution.weight, std=0.1)
    return made.eval()


def frames(known=(1, 1, 1, 1), hours=HOURS):
    """A window with a hole, whose context frames are a slope that rises by 10 an hour."""
    rng = torch.Generator().manual_seed(1)
    slope = (100 - 30 * torch.linspace(-1, 1, SIDE))[None, :, None].expand(1 + NEIGHBOURS, SIDE, SIDE)
    rise = -10 * torch.tensor((0.0, *hours))[:, None, None]
    image = (slope + rise + 0.1 * torch.randn(slope.shape, generator=rng))[None]
    mask = torch.ones_like(image)
    mask[:, 0, 48:80, 48:80] = 0
    mask[:, 1:] *= torch.tensor(known)[None, :, None, None]
    return image, mask, torch.tensor([(300.0, 1.0, *hours)])


def run(model, given):
    with torch.no_grad():
        return model(*given)


def test_without_context_it_fills_as_the_network_that_it_begins_with():
    model = single()
    image, mask, place = frames(known=(0, 0, 0, 0))

    for one, other in zip(
        run(model, (image[:, :2], mask[:, :2], place[:, :2])),
        run(from_single(model, 1).eval(), (image, mask, place)),
        strict=True,
    ):
        assert torch.equal(one, other)


def test_one_frame_of_context_is_the_context_of_the_network_that_it_begins_with():
    model = single()
    image, mask, place = frames(known=(1, 0, 0, 0))

    one = run(model, (image[:, :2], mask[:, :2], place[:, :2]))
    other = run(from_single(model, 1).eval(), (image, mask, place))

    assert torch.allclose(one[0], other[0], atol=1e-3)


def test_layers_beyond_those_of_the_beginning_are_its_last_one():
    model = from_single(single())

    assert len(model.layers) == SequenceConfig().layers == 2
    first, second = (layer.state_dict() for layer in model.layers)
    assert all(torch.equal(first[name], second[name]) for name in first)


def test_nearer_frames_weigh_more_and_both_sides_cancel_what_changes_steadily():
    fresh = SequenceStack(SequenceConfig(layers=1, unet=UNET)).eval()
    image, mask, place = frames()
    hole = mask[0, 0] == 0
    truth = image[0, 0][hole].mean()

    filled = run(fresh, (image, mask, place))[0][0, 0][hole].mean()

    assert filled == pytest.approx(float(truth), abs=0.1)
    cells, seen = (torch.nn.functional.avg_pool2d(part, 4) for part in (image, mask))
    before = seen * torch.tensor([1, 1, 1, 0, 0])[:, None, None]
    with torch.no_grad():
        around, earlier = (fresh._context(cells, weight, place)[0] - cells[:, :1] for weight in (seen, before))
    assert float(around.mean()) == pytest.approx(0, abs=0.05)
    assert -3 < float(earlier.mean()) < -2  # 0.2 h: -2, 0.4 h: -4


def test_what_is_masked_does_not_matter():
    model = stack(2)
    image, mask, place = frames(known=(1, 0, 1, 0))
    other, elsewhen = image.clone(), place.clone()
    other[mask == 0] = float("nan")
    elsewhen[0, 3] = 77

    for one, two in zip(run(model, (image, mask, place)), run(model, (other, mask, elsewhen)), strict=True):
        assert torch.equal(one, two)


def test_the_time_of_a_frame_matters():
    model = stack()
    image, mask, place = frames()
    later = place.clone()
    later[0, 2] = 1.5

    assert not torch.equal(run(model, (image, mask, place))[0], run(model, (image, mask, later))[0])


def test_a_hole_in_every_frame_is_filled():
    model = stack(2)
    image, mask, place = frames()
    mask[:, 1:, 40:90, 40:90] = 0

    filled, reached, scale = run(model, (image, mask, place))

    assert torch.isfinite(filled).all()
    assert (scale > 0).all()
    assert reached[0, 0, 48:80, 48:80].all()


def test_other_shapes_are_refused():
    image, mask, place = frames()
    with pytest.raises(WrongShapeError, match=r"must both be \(N, 5, height, width\), place \(1, 2\) \(N, 6\)"):
        stack()(image, mask, place[:, :2])


def test_the_levels_that_it_sees_are_part_of_its_configuration_and_make_its_domain():
    assert stack().domain == "sequence"
    found = from_single(single(), 2, "histogram")
    assert (found.domain, found.config.levels) == ("sequence-levels", "histogram")
    assert set(found.state_dict()) == set(from_single(single(), 2).state_dict())
    with pytest.raises(CheckpointError, match="levels of noise or histogram, not 'dn'"):
        SequenceConfig(levels="dn")


def test_a_configuration_is_read_back_and_that_of_a_single_context_is_refused():
    config = SequenceConfig(layers=3, unet=UNET)
    assert SequenceConfig.from_dict(json.loads(json.dumps(config.as_dict()))) == config
    with pytest.raises(CheckpointError, match="does not fit here"):
        SequenceStack(SequenceConfig(unet=SINGLE))
