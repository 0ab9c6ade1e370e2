"""The fingerprint of a network: its output on one fixed input, stored in every export and compared when it is opened.

Two things can be wrong with a model file. When it is damaged, a hash over the file shows it. When an engine, a driver
or a tool that rewrote the file computes something else than the checkpoint, the fingerprint shows it. Neither is a
signature: whoever can write the file can write both.
"""

from __future__ import annotations

import hashlib
import json
import re
import zipfile
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import CheckpointError
from corinpaint.model.metadata import DOMAINS

SEED = 1996
"""Of the input: the place in the sequence of pseudo-random numbers where it starts."""

SIDE = 128
"""Least side of the input, px."""

TILE = 16
"""Side of the tiles whose means are kept, px: a mean hides an engine's rounding better than a pixel does."""

TOLERANCE = {"float32": 1e-4, "mixed": 3e-3}
"""Largest difference of a tile's mean, in the unit of the output, for outputs up to `LEVELS`. Of the shipped network
onnxruntime and TorchScript were 4e-6 off, with convolutions in half precision 3e-4."""

LEVELS = 30.0
"""Brightness of the input at its bright end, in units of the noise."""

BLANK = "0" * 64
"""Stands in a file for its hash while that is computed."""

_SEAL = re.compile(rb'"file_sha256": "([0-9a-f]{64})"')
_MULTIPLIER = 2654435769  # 2^32 / golden ratio: neighbours come out far apart (Knuth, TAOCP 3, section 6.4)
_SPREAD = 3.0

Image = NDArray[np.float32]


class Answer(Protocol):
    """What `corinpaint.restore.engines.base.Filled` is, as far as it is read here."""

    @property
    def image(self) -> Image: ...
    @property
    def reached(self) -> Image: ...
    @property
    def scale(self) -> Image | None: ...


PLACE = (300, 1, 0.2, 0.4, -0.2, -0.4)
"""Place of the window: radius, scale, and the times of frames before and after, hours."""


def given(domain: str, multiple: int) -> tuple[Image, ...]:
    """The input: a slope with noise on it, a hole in the middle, context on one half.

    Pixel k of the flattened image takes ``((k + SEED) * 2654435769 mod 2**32) / 2**32`` for its noise; nothing depends
    on a library's random numbers.

    Parameters
    ----------
    domain : str
        Of the network.
    multiple : int
        Of the network, px.

    Returns
    -------
    tuple of ndarray of float32
        What `Inpainter.fill` takes: image and mask of shape (1, P, S, S), S the least multiple of at least `SIDE`, and
        place where the domain has one.
    """
    places = DOMAINS[domain].places
    side = -(-SIDE // multiple) * multiple
    planes = DOMAINS[domain].channels
    number = (np.arange(planes * side * side, dtype=np.uint64) + np.uint64(SEED)) * np.uint64(_MULTIPLIER)
    random = (number % np.uint64(2**32) / 2**32).reshape(1, planes, side, side)
    slope = LEVELS * (1 - np.arange(side) / (2 * side))[:, None]
    image = slope + _SPREAD * (random - 0.5)
    mask = np.ones_like(image)
    mask[:, 0, 48:80, 40:80] = 0
    mask[:, 1:, :, side // 2 :] = 0
    image = image * mask if places else image * mask / (LEVELS + _SPREAD)
    tensors = (image.astype(np.float32), mask.astype(np.float32))
    return (*tensors, np.array([PLACE[:places]], dtype=np.float32)) if places else tensors


def take(outputs: Sequence[Image], precision: str) -> dict[str, Any]:
    """What is kept of a network's outputs on the input.

    Parameters
    ----------
    outputs : sequence of ndarray of float32, shape (1, 1, S, S)
        Of eager torch in float32, on `given`.
    precision : str
        Of the export: a key of `TOLERANCE`.

    Returns
    -------
    dict
        Plain values for JSON: `seed`, `tile`, `tolerance`, and `values`, for each output the means of the tiles row by
        row.
    """
    values = [[round(float(mean), 6) for mean in _means(output).ravel()] for output in outputs]
    return {"seed": SEED, "tile": TILE, "tolerance": TOLERANCE[precision], "values": values}


def check(path: Path, engine: str, text: str | None, answer: Answer, least: float = 0.0) -> None:
    """Compare what an engine makes of the input with what the checkpoint made of it.

    Parameters
    ----------
    path : Path
        Of the model, for messages.
    engine : str
        For messages.
    text : str or None
        The export's description.
    answer : Filled
        Of the engine, on `given`.
    least : float
        Tolerance that is allowed at least, for engines that round more than the export asks for.

    Raises
    ------
    CheckpointError
        When they differ, or the description holds no fingerprint, or one that would let anything pass.
    """
    try:
        kept = json.loads(text or "")["fingerprint"]
        tolerance = float(kept["tolerance"])
        wanted = [np.array(values, dtype=np.float64) for values in kept["values"]]
        known = (kept["seed"], kept["tile"]) == (SEED, TILE)
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError) as error:
        raise CheckpointError(
            f"{path}: has no fingerprint to be checked by", "export it again with this version"
        ) from error
    most = max(TOLERANCE.values())
    if not 0 < tolerance <= most:  # NaN too
        raise CheckpointError(
            f"{path}: its fingerprint allows {tolerance:.2g}, where more than 0 and at most {most:.2g} makes sense",
            "export it again",
        )
    allowed = max(tolerance, least)
    known = known and all(side % TILE == 0 for side in answer.image.shape[-2:])
    parts = [part for part in (answer.image, answer.reached, answer.scale) if part is not None]
    got = [_means(part).ravel() for part in parts] if known else []
    if not known or [part.shape for part in got] != [part.shape for part in wanted]:
        raise CheckpointError(f"{path}: its fingerprint was taken by another version", "export it again with this one")
    worst = max(float(np.abs(one - other).max()) for one, other in zip(got, wanted, strict=True))
    if not worst <= allowed:  # NaN too
        raise CheckpointError(
            f"{path}: {engine} gives another output than its checkpoint ({worst:.2g} off on the fingerprint, "
            f"{allowed:.2g} allowed)",
            "export it again, or use another engine",
        )


def _means(output: Image) -> NDArray[np.float64]:
    height, width = output.shape[-2:]
    tiles = output[0, 0].astype(np.float64).reshape(height // TILE, TILE, width // TILE, TILE)
    return np.asarray(tiles.mean(axis=(1, 3)))


def sealed(content: bytes) -> bytes:
    """Put a file's hash into it: the one `BLANK` becomes the SHA-256 of the file as it is.

    Raises
    ------
    CheckpointError
        When there is not exactly one place for it.
    """
    blank = BLANK.encode()
    if content.count(blank) != 1:
        raise CheckpointError("a model must have one place for its hash", "report this with the version of torch")
    return content.replace(blank, hashlib.sha256(content).hexdigest().encode())


def check_seal(path: Path, content: bytes) -> None:
    """Compare a file with the hash in it; a file without one passes, its fingerprint will be missed.

    Raises
    ------
    CheckpointError
        When a byte of it has changed.
    """
    found = _SEAL.search(content)
    if found is None:
        return
    blanked = content[: found.start(1)] + BLANK.encode() + content[found.end(1) :]
    if hashlib.sha256(blanked).hexdigest().encode() != found[1]:
        raise CheckpointError(
            f"{path}: damaged, or changed since it was exported (its hash differs)", "export it again"
        )


def check_members(path: Path) -> None:
    """Compare the members of an export that is a zip file with their checksums, and see that each is there once.

    Of two members of one name readers take different ones, so that one that was checked need not be the one that is
    read. torch's reader ignores the case of letters, and reads from the folder of the first member.

    Raises
    ------
    CheckpointError
        When one has changed, two have the same name, they are not in one folder, or the file is no zip file.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            damaged = archive.testzip()
            names = archive.namelist()
    except (zipfile.BadZipFile, zlib.error, OSError, RuntimeError, EOFError) as error:  # RuntimeError: encrypted
        raise CheckpointError(f"{path}: damaged, or no export of CorInpaint ({error})", "export it again") from error
    if damaged is not None:
        raise CheckpointError(f"{path}: damaged ({damaged} does not match its checksum)", "export it again")
    if len({name.lower() for name in names}) < len(names):
        raise CheckpointError(f"{path}: holds two members of the same name", "export it again")
    if len({name.split("/", 1)[0] for name in names}) > 1:
        raise CheckpointError(f"{path}: its members are not in one folder", "export it again")
