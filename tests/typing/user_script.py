"""What users write, for `mypy --strict` to check against the installed package (`make types`); it is not run."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

import corinpaint
from corinpaint import Client, __version__, calibrate, read_frame, read_level1, restore
from corinpaint.client.errors import ClientError
from corinpaint.lasco import Level1, Options
from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.level05.frame import Frame
from corinpaint.restore import Restored


def restored_image(path: Path) -> NDArray[np.float32]:
    """The front door's two lines."""
    frame: Frame = corinpaint.read_frame(path)
    restored: Restored = corinpaint.restore(frame)
    image: NDArray[np.float32] = restored.level1.data
    flags: NDArray[np.uint8] = restored.level1.mask
    assert image.shape == flags.shape
    return image


def calibrated(path: str) -> Level1:
    """Names that are imported by themselves, and options."""
    try:
        product: Level1 = calibrate(read_frame(path), options=Options(ramp=False))
    except CorInpaintError as error:
        raise SystemExit(f"{error.code}: {error.what} {error.remedy}") from error
    written: Path = product.write(Path("out"), overwrite=True)
    print(__version__.upper(), written)
    return product


def without_network(path: Path) -> int:
    """Keywords of `restore`, and what it says about the blocks."""
    restored = restore(read_frame(path), fill="harmonic", options=Options(roll=False))
    return int(restored.filled.sum())


def of_a_path(path: Path) -> float:
    """A path in place of a frame, a mask of one's own, and a product that was written."""
    own: NDArray[np.bool_] = np.zeros((1024, 1024), dtype=bool)
    restored: Restored = restore(path, mask=own)
    found = read_level1(restored.level1.write(path.parent))
    return sum(zone.total or 0.0 for zone in found.zones)


def through_an_endpoint(path: Path) -> bytes:
    """The client."""
    with Client("http://127.0.0.1:8080") as client:
        try:
            answer = client.restore(path)
        except ClientError as error:
            raise SystemExit(str(error)) from error
    body: bytes = answer.body
    return body
