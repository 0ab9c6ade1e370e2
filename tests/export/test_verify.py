"""Verification of exports: the cases that it runs, and the faults that it finds in them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corinpaint.export import verify
from corinpaint.lasco.errors import ExportError
from corinpaint.model.checkpoint import load_checkpoint
from corinpaint.restore.engines.base import Filled
from corinpaint.restore.engines.torch import TorchInpainter


def test_the_cases_cover_masks_from_full_to_empty(checkpoint):
    shares = {
        name.split(",")[0]: given[1].mean()
        for name, given in verify.verification_inputs(load_checkpoint(checkpoint)[0])
    }
    assert shares["all valid"] == 1
    assert shares["nothing valid"] == 0
    assert 0 < shares["one pixel valid"] < 1e-3
    assert shares["many missing blocks"] < shares["one missing block"] < 1


@pytest.mark.parametrize("fixture", ["checkpoint", "log_polar_checkpoint"])
def test_the_cases_cover_several_sizes_and_batches(request, fixture):
    model = load_checkpoint(request.getfixturevalue(fixture))[0]
    shapes = {given[0].shape for _, given in verify.verification_inputs(model)}
    assert {shape[0] for shape in shapes} == {1, 2, 4}
    sizes = {shape[2:] for shape in shapes}
    assert len(sizes) >= 4
    assert any(rows > columns for rows, columns in sizes)
    assert any(rows < columns for rows, columns in sizes)


@pytest.mark.slow
def test_the_checkpoint_is_run_once_for_all_its_exports(log_polar_checkpoint, monkeypatch):
    verify._reference_cases.cache_clear()
    ran = []
    inputs = verify.verification_inputs
    monkeypatch.setattr(verify, "verification_inputs", lambda model: ran.append(1) or inputs(model))
    for _ in range(3):
        verify.verify(Spoiled(log_polar_checkpoint, "none"), log_polar_checkpoint)
    assert ran == [1]


@pytest.mark.slow
def test_half_precision_may_differ_by_a_share_of_the_values_and_by_no_more(log_polar_checkpoint):
    allowed = Spoiled(log_polar_checkpoint, "rounded")
    with pytest.raises(ExportError, match="differs by"):
        verify.verify(allowed, log_polar_checkpoint)
    allowed.info = replace(allowed.info, precision="mixed")
    assert verify.verify(allowed, log_polar_checkpoint) > 0
    spoiled = Spoiled(log_polar_checkpoint, "far off")
    spoiled.info = replace(spoiled.info, precision="mixed")
    with pytest.raises(ExportError, match="differs by"):
        verify.verify(spoiled, log_polar_checkpoint)


def test_a_network_for_log_polar_windows_is_verified_with_and_without_context_and_at_many_places(log_polar_checkpoint):
    model = load_checkpoint(log_polar_checkpoint)[0]
    tried = [given for _, given in verify.verification_inputs(model)]
    shares = {float(mask[:, 1].mean()) for _, mask, _ in tried}
    places = np.concatenate([place for *_, place in tried])
    assert shares == {0, 1}
    assert {image.shape[1] for image, *_ in tried} == {2}
    assert all(size % model.multiple == 0 for image, *_ in tried for size in image.shape[2:])
    assert np.ptp(places, axis=0) == pytest.approx([400, 1], rel=0.3)
    assert max(image.max() for image, *_ in tried) > 20


class Spoiled:
    """The network in eager torch with one fault."""

    def __init__(self, checkpoint: Path, fault: str) -> None:
        self._engine = TorchInpainter(checkpoint)
        self._fault = fault
        self.info = self._engine.info
        if fault == "weights":
            self.info = replace(self.info, sha256="0" * 64)

    def fill(self, image, mask, place=None):
        answer = self._engine.fill(image, mask, place)
        filled, reached, scale = (None if array is None else array.copy() for array in answer)
        hole = mask[:, :1] == 0
        if self._fault == "fills":
            filled[hole] += 1e-2
        if self._fault == "rounded":
            filled *= np.float32(1.003)
        if self._fault == "far off":
            filled *= np.float32(1.03)
        if self._fault == "valid pixels":
            filled[~hole] += 1e-7
        if self._fault == "mask":
            reached[hole] = 0
        if self._fault == "nan" and hole.all():
            filled[...] = np.nan
        if self._fault == "scale":
            scale += 1e-2
        if self._fault == "nan in the scale":
            scale[0, 0, 0, 0] = np.nan
        if self._fault == "shape of the scale":
            scale = scale[..., :1]
        if self._fault == "no scale":
            scale = None
        if self._fault == "a scale":
            scale = filled
        if self._fault == "shape":
            return Filled(filled[..., :-1], reached[..., :-1], scale)
        return Filled(filled, reached, scale)


@pytest.mark.slow
@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("fills", "one missing block.*differs by 0.01"),
        ("valid pixels", "valid pixels are changed"),
        ("mask", "mask_out differs"),
        ("nan", "nothing valid.*not finite"),
        ("shape", "shape"),
        ("a scale", "gives a scale"),
        ("weights", "other weights"),
    ],
)
def test_a_faulty_export_is_refused_and_the_case_is_named(checkpoint, fault, message):
    with pytest.raises(ExportError, match=message):
        verify.verify(Spoiled(checkpoint, fault), checkpoint)


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("fills", "one missing block.*differs by 0.01"),
        ("mask", "mask_out differs"),
        ("nan", "nothing valid.*not finite"),
        ("scale", "all valid.*differs by 0.01"),
        ("nan in the scale", "1 pixels are not finite"),
        ("shape of the scale", "shape"),
        ("no scale", "gives no scale"),
        ("shape", "shape"),
        ("weights", "other weights"),
    ],
)
def test_a_faulty_export_for_log_polar_windows_is_refused_too(log_polar_checkpoint, fault, message):
    with pytest.raises(ExportError, match=message):
        verify.verify(Spoiled(log_polar_checkpoint, fault), log_polar_checkpoint)


@pytest.mark.slow
@pytest.mark.parametrize("fixture", ["checkpoint", "log_polar_checkpoint"])
def test_a_network_equals_itself(request, fixture):
    path = request.getfixturevalue(fixture)
    assert verify.verify(Spoiled(path, "none"), path) == 0
