"""The proof that an export equals its checkpoint: both run on random images and masks, eager torch being the measure.

Around a single valid pixel the rescaling of partial convolutions multiplies the rounding of float32 a million times,
in eager torch as in every export. How well a case is determined at all shows when eager torch runs it once more in
float64: an export may be off by the tolerance, and by a few times what float32 itself is off by there.
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
from corinpaint.model.metadata import read_info
from corinpaint.restore.engines.base import TOLERANCE, Filled, Image, Inpainter
from corinpaint.restore.engines.torch import TorchInpainter

SEED = 20240117
ROUNDING = 10.0
"""Times the rounding of eager float32 that an export may be off by."""

LEVELS = 30.0
"""Range of the images in units of noise that networks of that domain are tried on."""

SHARES = {"float32": (TOLERANCE, TOLERANCE), "mixed": (5e-3, 2e-2)}
"""Of the largest value, by which fill and scale may be off. These images are noise of nine times what it should be; on
windows of the corona half precision does ten times better (docs/reference/speed.md)."""

Given = tuple[Image, ...]


@dataclass(frozen=True, eq=False)
class Case:
    """An input and what an export has to make of it.

    Attributes
    ----------
    name : str
    given : tuple of ndarray of float32
        What `Inpainter.fill` takes.
    wanted : Filled
        Of eager torch in float32.
    precise : tuple of ndarray of float64
        Fill and, where there is one, scale of eager torch in float64.
    """

    name: str
    given: Given
    wanted: Filled
    precise: tuple[NDArray[np.float64], ...]


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
    sha256 = read_info(checkpoint).sha256
    if export.info.sha256 != sha256:
        raise ExportError(f"{export.info.path.name}: made from other weights than {checkpoint}", "export it again")
    with one_thread():
        return max(
            _compare(f"{export.info.path.name}, {case.name}", export, case) for case in _solved(checkpoint, sha256)
        )


@lru_cache(maxsize=2)
def _solved(checkpoint: Path, sha256: str) -> tuple[Case, ...]:
    """The cases with what the checkpoint makes of them, once for all exports of the same weights."""
    reference, model = TorchInpainter(checkpoint), load_checkpoint(checkpoint)[0]
    if reference.info.sha256 != sha256:
        raise ExportError(f"{checkpoint}: was replaced while it was exported", "export it again")
    exact = copy.deepcopy(model).restorer().double().eval()
    solved = []
    for name, given in cases(model):
        with torch.inference_mode():
            truth = [part.numpy() for part in exact(*(torch.from_numpy(array).double() for array in given))]
        solved.append(Case(name, given, reference.fill(*given), (truth[0], *truth[2:])))
    return tuple(solved)


@contextmanager
def one_thread() -> Iterator[None]:
    """Run torch on one thread: on images this small, more of them wait for each other, long on a busy machine."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(threads)


def _compare(label: str, export: Inpainter, case: Case) -> float:
    wanted, got = case.wanted, export.fill(*case.given)
    _check_mask(label, got.reached, wanted.reached)
    _check_values(label, got, case.given)
    if (got.scale is None) != (wanted.scale is None):
        raise ExportError(f"{label}: gives {'no' if got.scale is None else 'a'} scale beside the fill", f"{_REMEDY}")
    parts = [(got.image, wanted.image), (got.scale, wanted.scale)]
    worst = 0.0
    for (ours, theirs), precise, share in zip(parts, case.precise, SHARES[export.info.precision], strict=False):
        if ours is None or theirs is None:
            continue
        difference, allowed = float(np.abs(ours - theirs).max()), _allowed(theirs, precise, share)
        if difference > allowed:
            raise ExportError(f"{label}: differs by {difference:.3g}, more than {allowed:.3g}", f"{_REMEDY}")
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
        What `Inpainter.fill` takes: every mask on a single image and on a batch of two that differ, in two sizes; then
        batches of four and of one in sizes of their own, tall and large. A second plane is valid and missing in turn.
    """
    random = np.random.default_rng(SEED)
    step = max(model.multiple, 2 * BLOCK_SIZE)
    step += -step % model.multiple
    kinds = list(_MASKS)
    for batch, rows, columns in ((1, step, step), (2, step, 2 * step)):
        for turn, kind in enumerate(kinds):
            yield _case(random, model, (batch, rows, columns), [kind] * batch, turn % 2)
    yield _case(random, model, (4, 2 * step, step), kinds[:4], 1)
    yield _case(random, model, (1, 3 * step, 3 * step), ["one block lost"], 0)


def _case(
    random: np.random.Generator, model: Network, shape: tuple[int, int, int], kinds: list[str], context: int
) -> tuple[str, Given]:
    batch, rows, columns = shape
    image = random.random((batch, model.planes, rows, columns), dtype=np.float32)
    mask = np.ones(image.shape, dtype=np.float32)
    mask[:, 0] = [_MASKS[kind](random, rows, columns) for kind in kinds]
    mask[:, 1:] = context
    given: Given = (image * mask, mask)
    if "place" in model.inputs:
        radius = random.uniform(100, 500, batch)
        place = np.stack([radius, random.uniform(1, 2, batch)], axis=1).astype(np.float32)
        given = (LEVELS * image * mask, mask, place)
    name = kinds[0] if len(set(kinds)) == 1 else "a mask each"
    return f"{name}, batch {batch}, {rows} x {columns} px", given


def _blocks(random: np.random.Generator, rows: int, columns: int, lost: int) -> NDArray[np.bool_]:
    grid = np.ones((-(-rows // BLOCK_SIZE), -(-columns // BLOCK_SIZE)), dtype=bool)
    grid.flat[random.choice(grid.size, size=min(lost, grid.size), replace=False)] = False
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
    "one block lost": _one_block,
    "many blocks lost": _many_blocks,
    "one pixel valid": _nearly_empty,
    "nothing valid": _empty,
}


_REMEDY = "nothing was written; report this with the versions of torch and of the engine"


def _check_mask(label: str, got: Image, wanted: Image) -> None:
    if got.shape != wanted.shape:
        raise ExportError(f"{label}: shape {got.shape} instead of {wanted.shape}", f"{_REMEDY}")
    if not np.array_equal(got, wanted):
        raise ExportError(f"{label}: mask_out differs in {np.count_nonzero(got != wanted)} pixels", f"{_REMEDY}")


def _check_values(label: str, got: Filled, given: Given) -> None:
    image, mask = given[:2]
    for values in (got.image,) if got.scale is None else (got.image, got.scale):
        if values.shape != image[:, :1].shape:
            raise ExportError(f"{label}: shape {values.shape} instead of {image[:, :1].shape}", f"{_REMEDY}")
        if not np.isfinite(values).all():
            raise ExportError(f"{label}: {np.count_nonzero(~np.isfinite(values))} pixels are not finite", f"{_REMEDY}")
    if len(given) == 2 and not np.array_equal(got.image[mask > 0], image[mask > 0]):
        raise ExportError(f"{label}: valid pixels do not come out as they went in", f"{_REMEDY}")


def _allowed(wanted: Image, precise: NDArray[np.float64], share: float) -> float:
    """Difference that rounding explains: a share of the largest value, more where float32 is itself off."""
    rounding = float(np.abs(wanted - precise).max())
    return share * max(1.0, float(np.abs(wanted).max())) + ROUNDING * rounding
