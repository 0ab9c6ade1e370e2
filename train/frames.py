"""Frames that scenes are made of: read from a folder, and divided by day into training and validation."""

from __future__ import annotations

import hashlib
import logging
import math
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from corinpaint.lasco.errors import CorInpaintError, NoFrameError, TrainingError
from corinpaint.lasco.inputs.files import InputFile, find
from corinpaint.lasco.level05.frame import Frame, read_frame
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet
from corinpaint.train.config import TrainConfig

logger = logging.getLogger(__name__)


class AnyScene(Protocol):
    """What is known of every scene: where it comes from, and what must stay together in training or validation."""

    @property
    def name(self) -> str:
        """Name of its file."""

    @property
    def day(self) -> str:
        """Date of the frame, ISO, UTC; a simulated frame's own name."""

    @property
    def kind(self) -> str:
        """Kind of frame, "simulated" for a simulated one; every kind is divided by itself."""

    @property
    def sha256(self) -> str:
        """SHA-256 of the file, or of the simulated counts."""


SceneT = TypeVar("SceneT")
DatedT = TypeVar("DatedT", bound=AnyScene)


def read_scenes(
    config: TrainConfig,
    from_folder: Callable[[Path, CalibrationSet], list[SceneT]],
    simulate_scene: Callable[[int, CalibrationSet, Path], SceneT],
) -> list[SceneT]:
    """Read the scenes that a configuration names: those of its folder, then the simulated ones.

    Parameters
    ----------
    config : TrainConfig
    from_folder : callable
        Makes the scenes of a folder of Level 0.5 frames: (folder, calibration set) -> list of scenes.
    simulate_scene : callable
        Makes the scene of a simulated frame: (seed, calibration set, cache folder) -> scene.

    Returns
    -------
    list of scenes

    Raises
    ------
    TrainingError
        There is nothing to train on.
    """
    calibration = load_calibration_set(config.calibration_dir)
    scenes = from_folder(config.data_dir, calibration) if config.data_dir is not None else []
    first = config.simulated_seed
    scenes += [simulate_scene(seed, calibration, config.cache()) for seed in range(first, first + config.simulated)]
    if not scenes:
        raise TrainingError("there is nothing to train on", "give a folder of Level 0.5 frames or simulated frames")
    return scenes


def frames_in(folder: Path, fits: Callable[[Frame], bool], otherwise: str) -> Iterator[tuple[Path, Frame, str]]:
    """Read the Level 0.5 frames in a folder and below, by path; those of no use are logged and left out.

    Parameters
    ----------
    folder : Path
        Searched as `corinpaint.lasco.inputs.files.find` does.
    fits : callable
        Whether the format of a frame is one that can be used.
    otherwise : str
        What is logged of a frame whose format is another.

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
    found = find([folder])
    for text in (*found.lines(), *(f"left out: {item}" for item in found.items if isinstance(item, NoFrameError))):
        logger.warning("%s", text)
    for path in sorted(item.path for item in found.items if isinstance(item, InputFile)):
        try:
            frame = read_frame(path)
        except CorInpaintError as error:
            logger.warning("left out: %s", error)
            continue
        if fits(frame):
            yield path, frame, hashlib.sha256(path.read_bytes()).hexdigest()
        else:
            logger.warning("left out: %s: %s", path.name, otherwise)


def usable_scenes(folder: Path, makers: Iterable[Callable[[], SceneT]]) -> list[SceneT]:
    """Make the scenes of a folder; those whose frame cannot be calibrated are logged and left out.

    Parameters
    ----------
    folder : Path
        Named in the error.
    makers : iterable of callable
        Each makes one scene.

    Returns
    -------
    list of scenes
        In the order of their makers.

    Raises
    ------
    TrainingError
        The folder holds no usable frame.
    """
    scenes = []
    for make in makers:
        try:
            scenes.append(make())
        except CorInpaintError as error:
            logger.warning("left out: %s", error)
    if not scenes:
        raise TrainingError(f"{folder}: holds no usable Level 0.5 frame", "give a folder with .fts or .fits files")
    return scenes


def day_of(frame: Frame) -> str:
    """Date of a frame, ISO, UTC."""
    return str(frame.date.strftime("%Y-%m-%d"))


def split_by_day(scenes: Sequence[DatedT], fraction: float) -> tuple[list[DatedT], list[DatedT]]:
    """Divide scenes into training and validation; the scenes of a day stay together.

    The order of the days is that of the hash of their names, so that a day keeps its side as far as possible when
    others are added, and real and simulated scenes are divided alike.

    Parameters
    ----------
    scenes : sequence of scenes
    fraction : float
        Share of the days of each kind for validation; at least one day of every kind that has two.

    Returns
    -------
    training, validation : list of scenes

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
            "all frames are of one day: training and validation need frames of two days at least",
            "add frames of another day, or simulated frames, each of which counts as a day",
        )
    training = [scene for scene in scenes if (scene.kind, scene.day) not in held]
    return training, [scene for scene in scenes if (scene.kind, scene.day) in held]


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()


def neighbouring_frames(
    frames: Sequence[Frame], index: int, orders: Iterable[int], max_hours: float
) -> list[tuple[int, Frame]]:
    """Frames near in time to one of a series, with their order in time.

    Parameters
    ----------
    frames : sequence of Frame
        In order of time.
    index : int
        Of the frame.
    orders : iterable of int
        Orders that are wanted: -1 is the frame before, 2 the second after it.
    max_hours : float

    Returns
    -------
    list of (int, Frame)
    """
    wanted = ((order, frames[index + order]) for order in orders if 0 <= index + order < len(frames))
    date = frames[index].date
    return [(order, other) for order, other in wanted if abs((other.date - date).to_value("hour")) <= max_hours]
