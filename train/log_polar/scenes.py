"""Scenes in units of the noise: frames of both telescopes, summed ones too, with the frames before and after them."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import CorInpaintError, TrainingError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.photometry.optics import load_assets
from corinpaint.lasco.reference_files.calibration_set import Assets
from corinpaint.lasco.version import __version__
from corinpaint.restore.context import MOST_HOURS, ContextError, align
from corinpaint.restore.network import equalisation
from corinpaint.restore.survey import Surroundings, survey
from corinpaint.train.equalised.scenes import day_of, frames_in, simulated_frame, split_by_date, through_cache

BLOCK_SIDES = (32, 16)
"""Sides of a telemetry block in the frames that are used, px: at full resolution, and summed 2 x 2."""

ORDERS = (-4, -2, -1, 1, 2, 4)
"""Neighbours that are kept, by their order in time; four before is two before of every other frame."""

SIMULATED = "simulated"

logger = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class Neighbour:
    """Another frame on the grid and scale of a scene.

    Attributes
    ----------
    order : int
        In time: -1 is the frame before the scene's, 2 the second after it.
    level : float32 (H, W)
        Units of the scene's noise; 0 where unknown.
    known : bool (H, W)
    day : str
        As in `LevelScene`.
    """

    order: int
    level: NDArray[np.float32]
    known: NDArray[np.bool_]
    day: str


@dataclass(frozen=True, eq=False)
class LevelScene:
    """One frame in units of its noise on the detector grid.

    Attributes
    ----------
    level : float32 (H, W)
        Units of the noise, see `corinpaint.restore.network.equalisation.fit_noise`; 0 where unknown.
    known : bool (H, W)
        Pixels whose truth is known, as for `corinpaint.train.equalised.scenes.Scene`.
    centre : (float, float)
        Sun centre (column, row), px from 0.
    block : int
        Side of a telemetry block, px.
    name : str
    day : str
        What must not straddle training and validation: the date, or the simulated frame's own name.
    kind : str
        "C2", "C3", "summed" or "simulated".
    detector : str
        "C2" or "C3".
    sha256 : str
        Of the file, or of the simulated counts.
    context : tuple of Neighbour
    binned : bool
        Whether it is a copy of a scene, summed 2 x 2 afterwards.
    """

    level: NDArray[np.float32]
    known: NDArray[np.bool_]
    centre: tuple[float, float]
    block: int
    name: str
    day: str
    kind: str
    detector: str
    sha256: str
    context: tuple[Neighbour, ...] = ()
    binned: bool = False

    def blends_with(self, other: LevelScene) -> bool:
        """Whether the mean of both would be a frame of the same kind."""
        made = (self.kind == SIMULATED) == (other.kind == SIMULATED)
        return made and (self.block, self.detector) == (other.block, other.detector)


def load_level_scenes(
    data_dir: Path | None, simulated: int, seed: int, calibration_dir: Path | None, cache: Path
) -> list[LevelScene]:
    """Read the scenes of a training run, and after them their binned copies.

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
        Folder for simulated scenes, made when it is missing.

    Returns
    -------
    list of LevelScene

    Raises
    ------
    TrainingError
        There is nothing to train on.
    """
    assets = load_assets(calibration_dir)
    scenes = levels_from_folder(data_dir, assets) if data_dir is not None else []
    cache.mkdir(parents=True, exist_ok=True)
    scenes += [_cached(number, assets, cache) for number in range(seed, seed + simulated)]
    if not scenes:
        raise TrainingError("there is nothing to train on: give a folder of Level 0.5 frames or simulated frames")
    return scenes + [halved(scene) for scene in scenes if scene.block == BLOCK_SIDES[0]]


def levels_from_folder(folder: Path, assets: Assets) -> list[LevelScene]:
    """Read every usable Level 0.5 frame in a folder and below; unusable ones are logged and left out.

    Parameters
    ----------
    folder : Path
        Frames of one folder, of the same kind and within hours, serve each other as context.
    assets : Assets

    Returns
    -------
    list of LevelScene

    Raises
    ------
    TrainingError
        The folder is missing or holds no usable frame.
    """
    series: dict[tuple[str, ...], list[tuple[Frame, str]]] = defaultdict(list)
    for path, frame, sha256 in frames_in(folder):
        if frame.subfield is not None or blocks.block_shape(frame.data.shape) not in [
            (side, side) for side in BLOCK_SIDES
        ]:
            logger.warning("left out: %s: a subfield, or summed more than 2 x 2", path.name)
            continue
        key = (str(path.parent), frame.detector, frame.filter, frame.polar, str(frame.data.shape))
        series[key].append((frame, sha256))
    scenes = []
    for _, group in sorted(series.items()):
        members = sorted(group, key=lambda member: float(member[0].date.mjd))
        for index, (frame, sha256) in enumerate(members):
            try:
                scenes.append(level_scene(frame, assets, sha256, _beside([one for one, _ in members], index)))
            except CorInpaintError as error:
                logger.warning("left out: %s", error)
    if not scenes:
        raise TrainingError(f"{folder}: holds no usable Level 0.5 frame", "give a folder with .fts or .fits files")
    return scenes


def level_scene(
    frame: Frame, assets: Assets, sha256: str, others: Iterable[tuple[int, Frame]] = (), simulated: str = ""
) -> LevelScene:
    """Calibrate a frame and bring it and its neighbours to units of its noise, as a restoration does.

    Parameters
    ----------
    frame : Frame
    assets : Assets
    sha256 : str
    others : iterable of (int, Frame)
        Neighbours with their order in time; those that cannot serve as context are left out.
    simulated : str
        Name of a simulated frame, empty for a real one.

    Returns
    -------
    LevelScene

    Raises
    ------
    UnsupportedFrameError
        It is no exposure of the corona, or has no calibration factor.
    """
    around = survey(frame, assets)
    known = around.observed & np.isfinite(around.brightness)
    scale = equalisation.fit_noise(around.brightness, np.sqrt(around.exposed.variance), known)
    block = blocks.block_shape(frame.data.shape)[0]
    kind = SIMULATED if simulated else "summed" if block < BLOCK_SIDES[0] else frame.detector
    return LevelScene(
        level=_levels(scale, around.brightness, known),
        known=known,
        centre=around.centre,
        block=block,
        name=simulated or frame.name,
        day=simulated or day_of(frame),
        kind=kind,
        detector=frame.detector,
        sha256=sha256,
        context=tuple(_neighbours(around, scale, others)),
    )


def halved(scene: LevelScene) -> LevelScene:
    """A copy summed 2 x 2: half the noise, so twice the levels; known where all four pixels are."""
    level, known = _halved(scene.level, scene.known)
    column, row = scene.centre
    return replace(
        scene,
        level=level,
        known=known,
        centre=((column - 0.5) / 2, (row - 0.5) / 2),
        block=scene.block // 2,
        context=tuple(Neighbour(one.order, *_halved(one.level, one.known), one.day) for one in scene.context),
        binned=True,
    )


def split_levels(scenes: Sequence[LevelScene], fraction: float) -> tuple[list[LevelScene], list[LevelScene]]:
    """Split scenes into training and validation; whole days go to one side, whatever the kinds of their frames.

    Context from the other side is taken away.

    Parameters
    ----------
    scenes : sequence of LevelScene
    fraction : float
        As for `corinpaint.train.equalised.scenes.split_by_date`.

    Returns
    -------
    training, validation : list of LevelScene

    Raises
    ------
    TrainingError
        Nothing is left to train on, or no kind has two days.
    """
    held = {scene.day for scene in split_by_date(scenes, fraction)[1]}
    sides: tuple[list[LevelScene], list[LevelScene]] = ([], [])
    for scene in scenes:
        out = scene.day in held
        mine = tuple(one for one in scene.context if (one.day in held) == out)
        sides[out].append(replace(scene, context=mine))
    if not sides[0]:
        raise TrainingError("every day has a kind of frames that is held out on it", "add frames of other days")
    return sides


def _beside(frames: Sequence[Frame], index: int) -> list[tuple[int, Frame]]:
    """Frames of the same hours, with their order in time."""
    found = []
    for order in ORDERS:
        if 0 <= index + order < len(frames):
            other = frames[index + order]
            if abs((other.date - frames[index].date).to_value("hour")) <= MOST_HOURS:
                found.append((order, other))
    return found


def _neighbours(
    around: Surroundings, scale: equalisation.Equaliser, others: Iterable[tuple[int, Frame]]
) -> Iterable[Neighbour]:
    for order, other in others:
        try:
            (context,) = align(around.exposed, around.observed, [other])
        except ContextError as error:
            logger.info("no context: %s", error)
            continue
        known = context.observed & np.isfinite(context.image)
        yield Neighbour(order, _levels(scale, context.image, known), known, day_of(other))


def _levels(
    scale: equalisation.Equaliser, brightness: NDArray[np.float32], known: NDArray[np.bool_]
) -> NDArray[np.float32]:
    return np.where(known, scale.forward(np.where(known, brightness, 0)), 0).astype(np.float32)


def _halved(level: NDArray[np.float32], known: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    rows, columns = level.shape[0] // 2, level.shape[1] // 2
    whole = known.reshape(rows, 2, columns, 2).all(axis=(1, 3))
    means = level.reshape(rows, 2, columns, 2).mean(axis=(1, 3))
    return np.where(whole, 2 * means, 0).astype(np.float32), np.asarray(whole)


def _cached(number: int, assets: Assets, cache: Path) -> LevelScene:
    name = f"simulated-{number:06d}"

    def arrays() -> dict[str, Any]:
        frame, sha256 = simulated_frame(number)
        scene = level_scene(frame, assets, sha256, simulated=name)
        packed = {"known": np.packbits(scene.known), "centre": np.array(scene.centre), "sha256": sha256}
        return {"level": scene.level, "detector": scene.detector, **packed}

    return through_cache(cache / f"{name}-levels-{__version__}.npz", lambda path: _load(path, name), arrays)


def _load(path: Path, name: str) -> LevelScene:
    with np.load(path) as saved:
        level = saved["level"]
        known = np.unpackbits(saved["known"], count=level.size).astype(bool).reshape(level.shape)
        column, row = saved["centre"].tolist()
        block = blocks.block_shape(level.shape)[0]
        detector, sha256 = str(saved["detector"]), str(saved["sha256"])
        return LevelScene(level, known, (column, row), block, name, name, SIMULATED, detector, sha256)
