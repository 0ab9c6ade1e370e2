"""Crops with artificial holes; crop number k is the same in every run with the same seed and scenes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.utils.data import Dataset

from corinpaint.lasco.level05.blocks import BLOCK_SIZE, block_means, to_pixels
from corinpaint.train.equalised import holes
from corinpaint.train.equalised.losses import Target
from corinpaint.train.equalised.scenes import Scene

MAX_DRAWS = 20
"""Maximum number of places that are drawn for a crop."""
MIN_USABLE = 0.5
"""Share of a crop's blocks that must be usable; if none of `MAX_DRAWS` crops has it, the best of them is taken."""
KNOWN_BLOCK = 0.9
"""Share of a block's pixels that must be known for it to be made missing; a star may have saturated a few."""
VALIDATION_SIDES = (1, 2, 4)
"""Sides of the square holes of the validation crops, blocks."""


class Sample(NamedTuple):
    """A crop, or a batch of crops with a leading axis.

    Attributes
    ----------
    image : Tensor (1, H, W), float32
        Equalised brightness, 0 where the mask is 0.
    mask : Tensor (1, H, W), float32
        1 = valid, 0 = artificial hole or unknown.
    truth : Tensor (1, H, W), float32
        Equalised brightness, 0 where unknown.
    known : Tensor (1, H, W), float32
        1 where the truth is known.
    centre : Tensor (2,), float32
        Sun centre (column, row) relative to the crop's first pixel, px.
    """

    image: Tensor
    mask: Tensor
    truth: Tensor
    known: Tensor
    centre: Tensor

    def target(self) -> Target:
        """What the losses compare with."""
        return Target(self.truth, self.known, self.centre)


class Crops(Dataset[Sample]):
    """Endless training crops, a pure function of (seed, epoch, index).

    Every crop starts on a block boundary, is flipped and transposed at random, and has holes in place of known blocks.
    Real and simulated scenes are drawn equally often, however many of each are given.

    Parameters
    ----------
    scenes : sequence of Scene
    crop : int
        Side of a crop, px, a multiple of 32.
    seed : int
    epoch_length : int
        Crops that make an epoch.
    """

    def __init__(self, scenes: Sequence[Scene], crop: int, seed: int, epoch_length: int = 1000) -> None:
        kinds = sorted({scene.kind for scene in scenes})
        self.pools = [[scene for scene in scenes if scene.kind == kind] for kind in kinds]
        self.crop = crop
        self.seed = seed
        self.epoch_length = epoch_length

    def __getitem__(self, number: int) -> Sample:
        epoch, index = divmod(number, self.epoch_length)
        rng = np.random.default_rng([self.seed, epoch, index])
        pool = self.pools[rng.integers(len(self.pools))]
        scene = pool[rng.integers(len(pool))]
        piece = _reoriented(_cut(scene, *_place(rng, scene, self.crop), self.crop), int(rng.integers(8)))
        return _sample(piece, holes.draw(rng, _usable_blocks(piece.known)))


@dataclass(frozen=True)
class ValidationCrop:
    """A fixed crop whose holes are squares of one size.

    Attributes
    ----------
    sample : Sample
    side : int
        Of the holes, blocks.
    kind : str
        "real" or "simulated".
    """

    sample: Sample
    side: int
    kind: str


def validation_crops(scenes: Sequence[Scene], crop: int, count: int) -> list[ValidationCrop]:
    """Cut the fixed crops of the validation, spread over scenes and sizes of holes.

    Parameters
    ----------
    scenes : sequence of Scene
    crop : int
        Side of a crop, px.
    count : int
        Approximate number of crops.

    Returns
    -------
    list of ValidationCrop
        Only crops with at least one hole.
    """
    sides = [side for side in VALIDATION_SIDES if side <= crop // BLOCK_SIZE // 2]
    rng = np.random.default_rng(0)
    crops = []
    for index in range(count):
        scene = scenes[(index // len(sides)) % len(scenes)]
        side = sides[index % len(sides)]
        piece = _cut(scene, *_place(rng, scene, crop), crop)
        usable = _usable_blocks(piece.known)
        missing = _only_whole_squares(holes.squares((usable.shape[0], usable.shape[1]), side), usable, side)
        if missing.any():
            crops.append(ValidationCrop(_sample(piece, missing), side, scene.kind))
    return crops


class _Piece(NamedTuple):
    image: NDArray[np.float32]
    known: NDArray[np.bool_]
    centre: tuple[float, float]


def _place(rng: np.random.Generator, scene: Scene, crop: int) -> tuple[int, int]:
    usable = _usable_blocks(scene.known)
    size = crop // BLOCK_SIZE
    best, place = -1.0, (0, 0)
    for _ in range(MAX_DRAWS):
        row, column = (int(rng.integers(length - size + 1)) for length in usable.shape)
        share = float(usable[row : row + size, column : column + size].mean())
        if share > best:
            best, place = share, (row * BLOCK_SIZE, column * BLOCK_SIZE)
        if share >= MIN_USABLE:
            break
    return place


def _cut(scene: Scene, row: int, column: int, crop: int) -> _Piece:
    window = (slice(row, row + crop), slice(column, column + crop))
    centre = (scene.centre[0] - column, scene.centre[1] - row)
    return _Piece(scene.image[window], scene.known[window], centre)


def _reoriented(piece: _Piece, orientation: int) -> _Piece:
    """One of the eight orientations of a square: rows flipped (1), columns flipped (2), transposed (4)."""
    image, known, (column, row) = piece
    last = image.shape[0] - 1
    if orientation & 1:
        image, known, row = image[::-1], known[::-1], last - row
    if orientation & 2:
        image, known, column = image[:, ::-1], known[:, ::-1], last - column
    if orientation & 4:
        image, known, column, row = image.T, known.T, row, column
    return _Piece(image, known, (column, row))


def _sample(piece: _Piece, missing: NDArray[np.bool_]) -> Sample:
    valid = piece.known & ~to_pixels(missing)
    return Sample(
        image=_tensor(np.where(valid, piece.image, 0.0)),
        mask=_tensor(valid),
        truth=_tensor(np.where(piece.known, piece.image, 0.0)),
        known=_tensor(piece.known),
        centre=torch.tensor(piece.centre, dtype=torch.float32),
    )


def _tensor(image: NDArray[np.generic]) -> Tensor:
    return torch.from_numpy(np.ascontiguousarray(image, dtype=np.float32))[None]


def _usable_blocks(known: NDArray[np.bool_]) -> NDArray[np.bool_]:
    return np.asarray(block_means(known) >= KNOWN_BLOCK)


def _only_whole_squares(missing: NDArray[np.bool_], usable: NDArray[np.bool_], side: int) -> NDArray[np.bool_]:
    kept = np.zeros_like(missing)
    for row, column in zip(*np.nonzero(missing), strict=True):
        window = (slice(row, row + side), slice(column, column + side))
        corner = missing[window].all() and missing[window].size == side * side
        if corner and usable[window].all():
            kept[window] = True
    return kept
