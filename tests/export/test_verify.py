"""The proof that an export equals its checkpoint: the cases it runs, and every fault it finds by name of the case."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from corinpaint.export import verify
from corinpaint.lasco.errors import ExportError
from corinpaint.model.metadata import read_info
from corinpaint.restore.torch_backends import TorchInpainter


def test_the_cases_of_the_proof_hold_what_can_go_wrong(checkpoint):
    shares = {name.split(",")[0]: mask.mean() for name, _, mask in verify.cases(read_info(checkpoint).multiple)}
    assert shares["all valid"] == 1
    assert shares["nothing valid"] == 0
    assert 0 < shares["one pixel valid"] < 1e-3
    assert shares["many blocks lost"] < shares["one block lost"] < 1


class Spoiled:
    """The network in eager torch, with one thing wrong."""

    def __init__(self, checkpoint: Path, fault: str) -> None:
        self._engine = TorchInpainter(checkpoint)
        self._fault = fault
        self.info = self._engine.info
        if fault == "weights":
            self.info = replace(self.info, sha256="0" * 64)

    def fill(self, image, mask):
        restored, mask_out = (array.copy() for array in self._engine.fill(image, mask))
        hole = mask == 0
        if self._fault == "fills":
            restored[hole] += 1e-2
        if self._fault == "valid pixels":
            restored[~hole] += 1e-7
        if self._fault == "mask":
            mask_out[hole] = 0
        if self._fault == "nan" and hole.all():
            restored[...] = np.nan
        if self._fault == "shape":
            return restored[..., :-1], mask_out[..., :-1]
        return restored, mask_out


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("fills", "one block lost.*differs by 0.01"),
        ("valid pixels", "valid pixels do not come out"),
        ("mask", "mask_out differs"),
        ("nan", "nothing valid.*not finite"),
        ("shape", "shape"),
        ("weights", "other weights"),
    ],
)
def test_a_faulty_export_is_refused_by_name_of_the_case(checkpoint, fault, message):
    with pytest.raises(ExportError, match=message):
        verify.verify(Spoiled(checkpoint, fault), checkpoint)
