"""Scenes: equalised frames with the pixels whose truth is known, from Level 0.5 files or from the simulator."""

from __future__ import annotations

import hashlib
import logging
import math
import zipfile
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol, TypeVar

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import CorInpaintError, TrainingError
from corinpaint.lasco.geometry.pointing import DEFAULT_SUN_CENTRE
from corinpaint.lasco.level05.frame import FRAME_SHAPE, Frame, read_frame
from corinpaint.lasco.photometry.optics import load_assets
from corinpaint.lasco.reference_files.calibration_set import Assets
from corinpaint.lasco.simulation.scene import simulate
from corinpaint.lasco.version import __version__
from corinpaint.restore.filling import network_input
from corinpaint.restore.survey import survey

CACHE_FORMAT = 2
"""Of the cached scenes; format 1, without a number in the file's name, had the sun centre as (row, column)."""

SUFFIXES = (".fts", ".fits", ".fts.gz", ".fits.gz")

logger = logging.getLogger(__name__)


class Dated(Protocol):
    """What is known of every scene: where it comes from, and what must stay on one side of training and validation."""

    @property
    def name(self) -> str:
        """Of its file."""

    @property
    def day(self) -> str:
        """As in `Scene`."""

    @property
    def kind(self) -> str:
        """As in `Scene`."""

    @property
    def sha256(self) -> str:
        """As in `Scene`."""


Some = TypeVar("Some", bound=Dated)
Kept = TypeVar("Kept")


@dataclass(frozen=True, eq=False)
class Scene:
    """One equalised frame on the detector grid.

    Attributes
    ----------
    image : float32 (1024, 1024)
        Equalised brightness, 0 to 1; 0 where unknown.
    known : bool (1024, 1024)
        Pixels whose truth is known: sent, not lost, not occulted, not saturated.
    centre : (float, float)
        Sun centre (column, row), px from 0.
    name : str
    day : str
        What must not straddle training and validation: the date, or the simulated frame's own name.
    kind : str
        "real" or "simulated".
    sha256 : str
        Of the file, or of the simulated counts.
    """

    image: NDArray[np.float32]
    known: NDArray[np.bool_]
    centre: tuple[float, float]
    name: str
    day: str
    kind: str
    sha256: str


def scene_from_frame(frame: Frame, assets: Assets, day: str, kind: str, sha256: str) -> Scene:
    """Calibrate and equalise a frame on the path that a restoration takes.

    Parameters
    ----------
    frame : Frame
    assets : Assets
    day, kind, sha256 : str
        As in `Scene`.

    Returns
    -------
    Scene
    """
    image, mask, _ = network_input(survey(frame, assets))
    return Scene(image[0, 0], mask[0, 0] > 0, _sun_centre(frame), frame.name, day, kind, sha256)


def scenes_from_folder(folder: Path, assets: Assets) -> list[Scene]:
    """Read every usable Level 0.5 frame in a folder; unusable ones are logged and left out.

    Parameters
    ----------
    folder : Path
        Holds .fts or .fits files, gzipped or not, at any depth.
    assets : Assets

    Returns
    -------
    list of Scene
        Sorted by path.

    Raises
    ------
    TrainingError
        The folder is missing or holds no usable frame.
    """
    scenes = []
    for path, frame, sha256 in frames_in(folder):
        if frame.data.shape != FRAME_SHAPE or frame.window is not None:
            logger.warning("left out: %s: summed or a subfield; full frames at full resolution are used", path.name)
            continue
        try:
            scenes.append(scene_from_frame(frame, assets, day_of(frame), "real", sha256))
        except CorInpaintError as error:
            logger.warning("left out: %s", error)
    if not scenes:
        raise TrainingError(f"{folder}: holds no usable Level 0.5 frame", "give a folder with .fts or .fits files")
    return scenes


def frames_in(folder: Path) -> Iterator[tuple[Path, Frame, str]]:
    """Read the Level 0.5 frames in a folder and below, by path; unreadable ones are logged and left out.

    Yields
    ------
    path : Path
    frame : Frame
    sha256 : str
        Of the file.

    Raises
    ------
    TrainingError
        The folder is missing.
    """
    if not folder.is_dir():
        raise TrainingError(f"{folder}: there is no such folder of Level 0.5 frames")
    for path in sorted(path for path in folder.rglob("*") if path.name.lower().endswith(SUFFIXES)):
        try:
            frame = read_frame(path)
        except CorInpaintError as error:
            logger.warning("left out: %s", error)
            continue
        yield path, frame, hashlib.sha256(path.read_bytes()).hexdigest()


def day_of(frame: Frame) -> str:
    """Date of a frame, ISO, UTC."""
    return str(frame.date.strftime("%Y-%m-%d"))


def scenes_from_simulator(count: int, seed: int, assets: Assets, cache: Path) -> list[Scene]:
    """Simulate frames without losses; each is kept in a folder, so that a restart need not make it again.

    Parameters
    ----------
    count : int
    seed : int
        Frame k is simulated with seed + k.
    assets : Assets
    cache : Path
        Folder for the scenes, made when it is missing.

    Returns
    -------
    list of Scene
    """
    cache.mkdir(parents=True, exist_ok=True)
    return [_cached(number, assets, cache) for number in range(seed, seed + count)]


def load_scenes(
    data_dir: Path | None, simulated: int, seed: int, calibration_dir: Path | None, cache: Path
) -> list[Scene]:
    """Read the scenes of a training run.

    Parameters
    ----------
    data_dir : Path or None
        Folder of Level 0.5 frames.
    simulated : int
        Number of simulated frames.
    seed : int
        Of the simulator.
    calibration_dir : Path or None
        Folder of the official calibration files, None for the nominal ones.
    cache : Path
        Folder for simulated scenes.

    Returns
    -------
    list of Scene

    Raises
    ------
    TrainingError
        There is nothing to train on.
    """
    assets = load_assets(calibration_dir)
    scenes = scenes_from_folder(data_dir, assets) if data_dir is not None else []
    scenes += scenes_from_simulator(simulated, seed, assets, cache)
    if not scenes:
        raise TrainingError("there is nothing to train on: give a folder of Level 0.5 frames or simulated frames")
    return scenes


def split_by_date(scenes: Sequence[Some], fraction: float) -> tuple[list[Some], list[Some]]:
    """Split scenes into training and validation; whole days go to one side.

    The order of the days is that of the hash of their names, so that a day keeps its side as far as possible when
    others are added, and real and simulated scenes are split alike.

    Parameters
    ----------
    scenes : sequence of Scene
    fraction : float
        Share of the days of each kind for validation; at least one day of every kind that has two.

    Returns
    -------
    training, validation : list of Scene

    Raises
    ------
    TrainingError
        No kind has two days.
    """
    held: set[tuple[str, str]] = set()
    for kind in {scene.kind for scene in scenes}:
        days = sorted({scene.day for scene in scenes if scene.kind == kind}, key=_digest)
        if len(days) > 1:
            count = min(max(1, math.ceil(fraction * len(days))), len(days) - 1)
            held |= {(kind, day) for day in days[:count]}
    if not held:
        raise TrainingError(
            "all frames are of one day: training and validation need frames of two days at least "
            "(each simulated frame counts as a day)"
        )
    training = [scene for scene in scenes if (scene.kind, scene.day) not in held]
    return training, [scene for scene in scenes if (scene.kind, scene.day) in held]


def simulated_frame(number: int) -> tuple[Frame, str]:
    """A simulated frame without losses, and the SHA-256 of its counts."""
    frame = simulate(number, lost=0).frame
    return frame, hashlib.sha256(np.ascontiguousarray(frame.data).tobytes()).hexdigest()


def through_cache(path: Path, load: Callable[[Path], Kept], arrays: Callable[[], dict[str, Any]]) -> Kept:
    """Load a scene from its file; where that is missing or damaged, make the arrays and write it first.

    Parameters
    ----------
    path : Path
        .npz; it appears complete or not at all.
    load : callable
    arrays : callable
        What `numpy.savez` shall write.
    """
    try:
        return load(path)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        path.unlink(missing_ok=True)
    aside = path.with_suffix(".part")
    with aside.open("wb") as file:
        np.savez(file, **arrays())
    aside.replace(path)
    return load(path)


def _cached(number: int, assets: Assets, cache: Path) -> Scene:
    name = f"simulated-{number:06d}"

    def arrays() -> dict[str, Any]:
        frame, sha256 = simulated_frame(number)
        scene = scene_from_frame(frame, assets, name, "simulated", sha256)
        return {
            "image": scene.image,
            "known": np.packbits(scene.known),
            "centre": np.array(scene.centre),
            "sha256": sha256,
        }

    return through_cache(cache / f"{name}-equalised-{CACHE_FORMAT}-{__version__}.npz", lambda path: _load(path, name), arrays)


def _load(path: Path, name: str) -> Scene:
    with np.load(path) as saved:
        image = saved["image"]
        known = np.unpackbits(saved["known"], count=image.size).astype(bool).reshape(image.shape)
        column, row = saved["centre"].tolist()
        return Scene(image, known, (column, row), name, name, "simulated", str(saved["sha256"]))


def _sun_centre(frame: Frame) -> tuple[float, float]:
    """Sun centre (column, row) on the detector."""
    column, row = (frame.header.get(f"CRPIX{axis + 1}", DEFAULT_SUN_CENTRE[frame.detector][axis]) for axis in (0, 1))
    return float(column), float(row)


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()
