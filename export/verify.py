"""The proof that an export equals its checkpoint: both run on random images and masks, eager torch being the measure.

Around a single valid pixel the rescaling of partial convolutions multiplies the rounding of float32 a million times,
in eager torch as in every export. How well a case is determined at all shows when eager torch runs it once more in
float64: an export may be off by the tolerance, and by a few times what float32 itself is off by there.
"""

from __future__ import annotations

import copy
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from corinpaint.lasco.blocks import BLOCK, expand
from corinpaint.lasco.errors import ExportError
from corinpaint.model.checkpoint import Network, load_checkpoint
from corinpaint.restore.backends import TOLERANCE, Filled, Image, Inpainter
from corinpaint.restore.torch_backends import TorchInpainter

SEED = 20240117
ROUNDING = 10.0
"""Times the rounding of eager float32 that an export may be off by."""

LEVELS = 30.0
"""Range of the images in units of noise that networks of that domain are tried on."""

Given = tuple[Image, ...]


def verify(export: Inpainter, checkpoint: Path) -> float:
    """Compare an export with its checkpoint.

    Parameters
    ----------
    export : Inpainter
        The exported model, opened with its engine.
    checkpoint : Path
        What it was made from.

    Returns
    -------
    float
        Largest difference from eager torch that was seen, units of the network's domain.

    Raises
    ------
    ExportError
        On the first case that differs, with the case and the difference; and when the export describes other weights.
    """
    reference = TorchInpainter(checkpoint)
    if export.info.sha256 != reference.info.sha256:
        raise ExportError(f"{export.info.path.name}: made from other weights than {checkpoint}; export it again")
    model = load_checkpoint(checkpoint)[0]
    exact = copy.deepcopy(model).restorer().double().eval()
    with _one_thread():
        return max(
            _compare(f"{export.info.path.name}, {case}", export, reference, exact, given)
            for case, given in cases(model)
        )


@contextmanager
def _one_thread() -> Iterator[None]:
    """Run torch on one thread: on images this small, more of them wait for each other, long on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _compare(label: str, export: Inpainter, reference: Inpainter, exact: nn.Module, given: Given) -> float:
    wanted, got = reference.fill(*given), export.fill(*given)
    _check_mask(label, got.reached, wanted.reached)
    _check_values(label, got, given)
    if (got.scale is None) != (wanted.scale is None):
        raise ExportError(f"{label}: gives {'no' if got.scale is None else 'a'} scale beside the fill; {_REMEDY}")
    with torch.inference_mode():
        truth = [part.numpy() for part in exact(*(torch.from_numpy(array).double() for array in given))]
    worst = 0.0
    for ours, theirs, precise in ((got.image, wanted.image, truth[0]), (got.scale, wanted.scale, truth[-1])):
        if ours is None or theirs is None:
            continue
        difference, allowed = float(np.abs(ours - theirs).max()), _allowed(theirs, precise)
        if difference > allowed:
            raise ExportError(f"{label}: differs by {difference:.3g}, more than {allowed:.3g}; {_REMEDY}")
        worst = max(worst, difference)
    return worst


def cases(model: Network) -> Iterator[tuple[str, Given]]:
    """Inputs that an export has to agree on.

    Parameters
    ----------
    model : LayerStack or StraightStack

    Yields
    ------
    case : str
        Its name.
    given : tuple of ndarray of float32
        What `Inpainter.fill` takes: every mask in two sizes, the smaller as a single image, the larger as a batch of
        two that differ; a second plane is valid and missing in turn.
    """
    random = np.random.default_rng(SEED)
    step = max(model.multiple, 2 * BLOCK)
    step += -step % model.multiple
    for batch, rows, columns in ((1, step, step), (2, step, 2 * step)):
        for turn, (name, draw) in enumerate(_MASKS.items()):
            image = random.random((batch, model.planes, rows, columns), dtype=np.float32)
            mask = np.ones(image.shape, dtype=np.float32)
            mask[:, 0] = [draw(random, rows, columns) for _ in range(batch)]
            mask[:, 1:] = turn % 2
            given: Given = (image * mask, mask)
            if "place" in model.inputs:
                radius = random.uniform(100, 500, batch)
                place = np.stack([radius, random.uniform(1, 2, batch)], axis=1).astype(np.float32)
                given = (LEVELS * image * mask, mask, place)
            yield f"{name}, batch {batch}, {rows} x {columns} px", given


def _blocks(random: np.random.Generator, rows: int, columns: int, lost: int) -> NDArray[np.bool_]:
    grid = np.ones((-(-rows // BLOCK), -(-columns // BLOCK)), dtype=bool)
    grid.flat[random.choice(grid.size, size=min(lost, grid.size), replace=False)] = False
    return expand(grid)[:rows, :columns]


def _all_valid(_: np.random.Generator, rows: int, columns: int) -> NDArray[np.bool_]:
    return np.ones((rows, columns), dtype=bool)


def _one_block(random: np.random.Generator, rows: int, columns: int) -> NDArray[np.bool_]:
    return _blocks(random, rows, columns, 1)


def _many_blocks(random: np.random.Generator, rows: int, columns: int) -> NDArray[np.bool_]:
    return _blocks(random, rows, columns, rows * columns // BLOCK**2 // 2)


def _nearly_empty(random: np.random.Generator, rows: int, columns: int) -> NDArray[np.bool_]:
    valid = np.zeros((rows, columns), dtype=bool)
    valid[random.integers(rows), random.integers(columns)] = True
    return valid


def _empty(_: np.random.Generator, rows: int, columns: int) -> NDArray[np.bool_]:
    return np.zeros((rows, columns), dtype=bool)


_MASKS = {
    "all valid": _all_valid,
    "one block lost": _one_block,
    "many blocks lost": _many_blocks,
    "one pixel valid": _nearly_empty,
    "nothing valid": _empty,
}


_REMEDY = "nothing was written; report this with the versions of torch and of the engine"


def _check_mask(label: str, got: Image, wanted: Image) -> None:
    if got.shape != wanted.shape:
        raise ExportError(f"{label}: shape {got.shape} instead of {wanted.shape}; {_REMEDY}")
    if not np.array_equal(got, wanted):
        raise ExportError(f"{label}: mask_out differs in {np.count_nonzero(got != wanted)} pixels; {_REMEDY}")


def _check_values(label: str, got: Filled, given: Given) -> None:
    image, mask = given[:2]
    for values in (got.image,) if got.scale is None else (got.image, got.scale):
        if values.shape != image[:, :1].shape:
            raise ExportError(f"{label}: shape {values.shape} instead of {image[:, :1].shape}; {_REMEDY}")
        if not np.isfinite(values).all():
            raise ExportError(f"{label}: {np.count_nonzero(~np.isfinite(values))} pixels are not finite; {_REMEDY}")
    if len(given) == 2 and not np.array_equal(got.image[mask > 0], image[mask > 0]):
        raise ExportError(f"{label}: valid pixels do not come out as they went in; {_REMEDY}")


def _allowed(wanted: Image, precise: NDArray[np.float64]) -> float:
    """Difference that rounding explains: the tolerance, more where float32 is itself off or the values are large."""
    rounding = float(np.abs(wanted - precise).max())
    return TOLERANCE * max(1.0, float(np.abs(wanted).max())) + ROUNDING * rounding
