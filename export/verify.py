"""The proof that an export equals its checkpoint: both run on random images and masks, eager torch being the measure.

Around a single valid pixel the rescaling of partial convolutions multiplies the rounding of float32 a million times,
in eager torch as in every export. How well a case is determined at all shows when eager torch runs it once more in
float64: an export may be off by the tolerance, and by a few times what float32 itself is off by there.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray

from corinpaint.lasco.blocks import BLOCK, expand
from corinpaint.lasco.errors import ExportError
from corinpaint.model.checkpoint import load_checkpoint
from corinpaint.model.stack import Restorer
from corinpaint.restore.backends import TOLERANCE, Image, Inpainter
from corinpaint.restore.torch_backends import TorchInpainter

SEED = 20240117
ROUNDING = 10.0
"""Times the rounding of eager float32 that an export may be off by."""


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
        Largest difference from eager torch that was seen, in equalised brightness.

    Raises
    ------
    ExportError
        On the first case that differs, with the case and the difference; and when the export describes other weights.
    """
    reference = TorchInpainter(checkpoint)
    if export.info.sha256 != reference.info.sha256:
        raise ExportError(f"{export.info.path.name}: made from other weights than {checkpoint}; export it again")
    exact = Restorer(load_checkpoint(checkpoint)[0]).double().eval()
    with _one_thread():
        return max(
            _compare(f"{export.info.path.name}, {case}", export, reference, exact, image, mask)
            for case, image, mask in cases(reference.info.multiple)
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


def _compare(label: str, export: Inpainter, reference: Inpainter, exact: Restorer, image: Image, mask: Image) -> float:
    wanted, wanted_mask = reference.fill(image, mask)
    got, got_mask = export.fill(image, mask)
    _check_mask(label, got_mask, wanted_mask)
    _check_valid_pixels(label, got, image, mask)
    difference, allowed = float(np.abs(got - wanted).max()), _allowed(exact, image, mask, wanted)
    if difference > allowed:
        raise ExportError(f"{label}: differs by {difference:.3g}, more than {allowed:.3g}; {_REMEDY}")
    return difference


def cases(multiple: int) -> Iterator[tuple[str, Image, Image]]:
    """Inputs that an export has to agree on.

    Parameters
    ----------
    multiple : int
        Height and width are multiples of it, px.

    Yields
    ------
    case : str
        Its name.
    image, mask : ndarray of float32, shape (N, 1, H, W)
        Every mask in two sizes, the smaller as a single image, the larger as a batch of two that differ.
    """
    random = np.random.default_rng(SEED)
    step = max(multiple, 2 * BLOCK)
    step += -step % multiple
    for batch, rows, columns in ((1, step, step), (2, step, 2 * step)):
        for name, draw in _MASKS.items():
            image = random.random((batch, 1, rows, columns), dtype=np.float32)
            valid = np.stack([draw(random, rows, columns) for _ in range(batch)])[:, None]
            mask = valid.astype(np.float32)
            yield f"{name}, batch {batch}, {rows} x {columns} px", image * mask, mask


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


def _check_valid_pixels(label: str, got: Image, image: Image, mask: Image) -> None:
    if got.shape != image.shape:
        raise ExportError(f"{label}: shape {got.shape} instead of {image.shape}; {_REMEDY}")
    if not np.isfinite(got).all():
        raise ExportError(f"{label}: {np.count_nonzero(~np.isfinite(got))} pixels are not finite; {_REMEDY}")
    if not np.array_equal(got[mask > 0], image[mask > 0]):
        raise ExportError(f"{label}: valid pixels do not come out as they went in; {_REMEDY}")


def _allowed(exact: Restorer, image: Image, mask: Image, wanted: Image) -> float:
    """Difference that rounding explains: the tolerance, more where float32 is itself off or the values are large."""
    with torch.inference_mode():
        truth, _ = exact(torch.from_numpy(image).double(), torch.from_numpy(mask).double())
    rounding = float(np.abs(wanted - truth.numpy()).max())
    return TOLERANCE * max(1.0, float(np.abs(wanted).max())) + ROUNDING * rounding
