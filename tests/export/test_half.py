"""Convolutions in half precision, the rest in float32."""

from __future__ import annotations

import pytest
import torch

from corinpaint.export.half import HalfConv2d, to_half_precision
from corinpaint.model.checkpoint import load_checkpoint
from corinpaint.model.partial import PartialConv2d
from corinpaint.restore.engines import fingerprints


@pytest.mark.parametrize("fixture", ["checkpoint", "log_polar_checkpoint"])
def test_a_network_in_half_precision_has_float32_inputs_and_outputs_and_nearly_the_same_results(request, fixture):
    model, info = load_checkpoint(request.getfixturevalue(fixture))
    given = [torch.from_numpy(array) for array in fingerprints.given(info.domain, info.multiple)]
    coarse = to_half_precision(model)
    with torch.inference_mode():
        wanted, got = model.inference_module()(*given), coarse.inference_module()(*given)
    assert {part.dtype for part in got} == {torch.float32}
    differences = [float((one - other).abs().max()) for one, other in zip(got, wanted, strict=True)]
    assert 0 < max(differences) < 0.02
    assert torch.equal(got[1], wanted[1])


def test_only_the_weights_of_convolutions_are_converted_and_the_original_is_unchanged(log_polar_checkpoint):
    model, _ = load_checkpoint(log_polar_checkpoint)
    coarse = to_half_precision(model)
    for name, parameter in coarse.named_parameters():
        assert parameter.dtype == (torch.float16 if name.endswith("weight") else torch.float32), name
    assert {buffer.dtype for buffer in coarse.buffers()} == {torch.float32}
    assert {parameter.dtype for parameter in model.parameters()} == {torch.float32}
    assert (coarse.multiple, coarse.reach) == (model.multiple, model.reach)


@pytest.mark.parametrize("seed", range(5))
def test_no_sum_overflows_for_any_features(seed):
    torch.manual_seed(seed)
    convolution = HalfConv2d(PartialConv2d((8,), 4))
    features = 1e6 * torch.sign(torch.randn(1, 8, 16, 16))
    values, seen = convolution(features, torch.ones(1, 1, 16, 16))
    worst = 1e9 * torch.sign(convolution.weight.detach().float()[:1])
    aligned, _ = convolution(worst, torch.ones(1, 1, 3, 3))
    assert torch.isfinite(values).all()
    assert torch.isfinite(aligned).all()
    assert seen.all()
