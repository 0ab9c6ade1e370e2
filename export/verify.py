"""Verification of exports: an export and its checkpoint run on the same random images and masks.

The reference is eager torch. Around a single valid pixel, the rescaling of partial convolutions amplifies the rounding
errors of float32 a million times, in eager torch as in every export. Eager torch therefore runs every case in float64
too: an export may differ by the tolerance, plus a few times the difference between float32 and float64.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from corinpaint.lasco.errors import ExportError
from corinpaint.lasco.level05.blocks import BLOCK_SIZE, to_pixels
from corinpaint.model.checkpoint import Network, load_checkpoint
from corinpaint.model.log_polar import LogPolarStack
from corinpaint.model.metadata import read_info
from corinpaint.restore.engines.base import TOLERANCE, Filled, Image, Inpainter
from corinpaint.restore.engines.torch import TorchInpainter

SEED = 20240117
"""Of the random images and masks."""

ROUNDING_FACTOR = 10.0
"""Multiple of the rounding error of eager float32 by which an export may differ."""

NOISE_RANGE = 30.0
"""Maximum of the random images for networks whose input is in units of the noise."""

RELATIVE_TOLERANCES = {"float32": (TOLERANCE, TOLERANCE), "mixed": (5e-3, 2e-2)}
"""By precision: the share of the maximum value by which fill and scale may differ.

The random images have nine times the noise of real ones; on windows of the corona, half precision is ten times more
accurate (docs/reference/speed.md)."""

Inputs = tuple[Image, ...]
"""What `Inpainter.fill` takes: image and mask (N, C, H, W), and for some networks the place (N, 2 or 6); float32."""


@dataclass(frozen=True, eq=False)
class ReferenceCase:
    """Inputs, and the outputs that an export must give for them.

    Attributes
    ----------
    name : str
    inputs : tuple of ndarray of float32
    expected : Filled
        Outputs of eager torch in float32.
    expected_float64 : tuple of ndarray of float64
        Fill, and scale where the network predicts one, of eager torch in float64.
    """

    name: str
    inputs: Inputs
    expected: Filled
    expected_float64: tuple[NDArray[np.float64], ...]


def verify(export: Inpainter, checkpoint: Path) -> float:
    """Compare an export with its checkpoint.

    Parameters
    ----------
    export : Inpainter
        The exported model, opened with its engine.
    checkpoint : Path
        The ``.safetensors`` checkpoint from which it was made.

    Returns
    -------
    float
        Maximum difference from eager torch over all cases, in the unit of the network's output.

    Raises
    ------
    ExportError
        A case differs (the message names it and the difference), or the export was made from other weights.
    """
    sha256 = read_info(checkpoint).sha256
    if export.info.sha256 != sha256:
        raise ExportError(f"{export.info.path.name}: made from other weights than {checkpoint}", "export it again")
    with single_thread():
        return max(
            _compare(f"{export.info.path.name}, {case.name}", export, case)
            for case in _reference_cases(checkpoint, sha256)
        )


@lru_cache(maxsize=2)
def _reference_cases(checkpoint: Path, sha256: str) -> tuple[ReferenceCase, ...]:
    """The cases with the outputs of the checkpoint, computed once for all exports of the same weights."""
    reference, model = TorchInpainter(checkpoint), load_checkpoint(checkpoint)[0]
    if reference.info.sha256 != sha256:
        raise ExportError(f"{checkpoint}: was replaced while it was exported", "export it again")
    exact = copy.deepcopy(model).inference_module().double().eval()
    cases = []
    for name, inputs in verification_inputs(model):
        with torch.inference_mode():
            outputs = [part.numpy() for part in exact(*(torch.from_numpy(array).double() for array in inputs))]
        cases.append(ReferenceCase(name, inputs, reference.fill(*inputs), (outputs[0], *outputs[2:])))
    return tuple(cases)


@contextmanager
def single_thread() -> Iterator[None]:
    """Context manager that runs torch on one thread; on images this small, more threads only wait for each other."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _compare(label: str, export: Inpainter, case: ReferenceCase) -> float:
    expected, actual = case.expected, export.fill(*case.inputs)
    _check_mask(label, actual.reached, expected.reached)
    _check_values(label, actual, case.inputs)
    if (actual.scale is None) != (expected.scale is None):
        raise ExportError(f"{label}: gives {'no' if actual.scale is None else 'a'} scale beside the fill", _REMEDY)
    parts = [(actual.image, expected.image), (actual.scale, expected.scale)]
    worst = 0.0
    for (ours, theirs), float64, relative in zip(
        parts, case.expected_float64, RELATIVE_TOLERANCES[export.info.precision], strict=False
    ):
        if ours is None or theirs is None:
            continue
        difference, allowed = float(np.abs(ours - theirs).max()), _tolerance(theirs, float64, relative)
        if difference > allowed:
            raise ExportError(f"{label}: differs by {difference:.3g}, more than {allowed:.3g}", _REMEDY)
        worst = max(worst, difference)
    return worst


def verification_inputs(model: Network) -> Iterator[tuple[str, Inputs]]:
    """Inputs for which an export must give the same results as its checkpoint.

    Parameters
    ----------
    model : LayerStack or LogPolarStack

    Yields
    ------
    name : str
        Name of the case.
    inputs : tuple of ndarray of float32
        Every kind of mask on a single image and on a batch of two different images, in two sizes; then a batch of four
        tall images and a single large one. The context, where the network takes one, is valid in every other case.
    """
    random = np.random.default_rng(SEED)
    step = max(model.multiple, 2 * BLOCK_SIZE)
    step += -step % model.multiple
    kinds = list(_MASKS)
    for batch, rows, columns in ((1, step, step), (2, step, 2 * step)):
        for index, kind in enumerate(kinds):
            yield _case(random, model, (batch, rows, columns), [kind] * batch, index % 2)
    yield _case(random, model, (4, 2 * step, step), kinds[:4], 1)
    yield _case(random, model, (1, 3 * step, 3 * step), ["one missing block"], 0)


def _case(
    random: np.random.Generator, model: Network, shape: tuple[int, int, int], kinds: list[str], context: int
) -> tuple[str, Inputs]:
    batch, rows, columns = shape
    image = random.random((batch, model.channels, rows, columns), dtype=np.float32)
    mask = np.ones(image.shape, dtype=np.float32)
    mask[:, 0] = [_MASKS[kind](random, rows, columns) for kind in kinds]
    mask[:, 1:] = context
    inputs: Inputs = (image * mask, mask)
    if isinstance(model, LogPolarStack):
        columns_of_place = [random.uniform(100, 500, batch), random.uniform(1, 2, batch)]
        columns_of_place += [random.uniform(-3, 3, batch) for _ in range(model.places - 2)]
        place = np.stack(columns_of_place, axis=1).astype(np.float32)
        inputs = (NOISE_RANGE * image * mask, mask, place)
    name = kinds[0] if len(set(kinds)) == 1 else "a different mask each"
    return f"{name}, batch {batch}, {rows} x {columns} px", inputs


def _blocks(random: np.random.Generator, rows: int, columns: int, missing: int) -> NDArray[np.bool_]:
    grid = np.ones((-(-rows // BLOCK_SIZE), -(-columns // BLOCK_SIZE)), dtype=bool)
    grid.flat[random.choice(grid.size, size=min(missing, grid.size), replace=False)] = False
    return to_pixels(grid)[:rows, :columns]


def _all_valid(_: np.random.Generator, rows: int, columns: int) -> NDArray[np.bool_]:
    return np.ones((rows, columns), dtype=bool)


def _one_block(random: np.random.Generator, rows: int, columns: int) -> NDArray[np.bool_]:
    return _blocks(random, rows, columns, 1)


def _many_blocks(random: np.random.Generator, rows: int, columns: int) -> NDArray[np.bool_]:
    return _blocks(random, rows, columns, rows * columns // BLOCK_SIZE**2 // 2)


def _nearly_empty(random: np.random.Generator, rows: int, columns: int) -> NDArray[np.bool_]:
    valid = np.zeros((rows, columns), dtype=bool)
    valid[random.integers(rows), random.integers(columns)] = True
    return valid


def _empty(_: np.random.Generator, rows: int, columns: int) -> NDArray[np.bool_]:
    return np.zeros((rows, columns), dtype=bool)


_MASKS = {
    "all valid": _all_valid,
    "one missing block": _one_block,
    "many missing blocks": _many_blocks,
    "one pixel valid": _nearly_empty,
    "nothing valid": _empty,
}


_REMEDY = "nothing was written; report this with the versions of torch and of the engine"


def _check_mask(label: str, actual: Image, expected: Image) -> None:
    if actual.shape != expected.shape:
        raise ExportError(f"{label}: shape {actual.shape} instead of {expected.shape}", _REMEDY)
    if not np.array_equal(actual, expected):
        raise ExportError(f"{label}: mask_out differs in {np.count_nonzero(actual != expected)} pixels", _REMEDY)


def _check_values(label: str, actual: Filled, inputs: Inputs) -> None:
    image, mask = inputs[:2]
    for values in (actual.image,) if actual.scale is None else (actual.image, actual.scale):
        if values.shape != image[:, :1].shape:
            raise ExportError(f"{label}: shape {values.shape} instead of {image[:, :1].shape}", _REMEDY)
        if not np.isfinite(values).all():
            raise ExportError(f"{label}: {np.count_nonzero(~np.isfinite(values))} pixels are not finite", _REMEDY)
    if len(inputs) == 2 and not np.array_equal(actual.image[mask > 0], image[mask > 0]):
        raise ExportError(f"{label}: valid pixels are changed", _REMEDY)


def _tolerance(expected: Image, float64: NDArray[np.float64], relative: float) -> float:
    """Maximum difference that rounding explains: a share of the maximum value, plus what float32 itself is off by."""
    rounding = float(np.abs(expected - float64).max())
    return relative * max(1.0, float(np.abs(expected).max())) + ROUNDING_FACTOR * rounding
