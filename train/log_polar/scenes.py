"""Scenes in units of the noise or levels of the histogram: frames of both telescopes, with those before and after."""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import CorInpaintError, TrainingError
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.photometry.calibrated import CalibratedFrames
from corinpaint.lasco.photometry.detector import ObservedFrame, calibrate_on_detector
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet
from corinpaint.model.metadata import NOISE_LEVELS
from corinpaint.restore.context import MOST_HOURS, align
from corinpaint.restore.network import equalisation, flat_field
from corinpaint.restore.network.point_sources import point_sources
from corinpaint.train.config import TrainConfig
from corinpaint.train.frames import (
    day_of,
    frames_in,
    neighbouring_frames,
    read_scenes,
    split_by_day,
    usable_scenes,
)
from corinpaint.train.log_polar.responses import Response, Responses, measured_responses
from corinpaint.train.log_polar.scene import Neighbour, Scene
from corinpaint.train.simulated import SIMULATED, Plane, simulated_plane

FRAME_SIDES = (1024, 512)
"""Rows and columns of the frames that are used, px: at full resolution, and summed 2 x 2."""

ORDERS = (-4, -3, -2, -1, 1, 2, 3, 4)
"""Neighbours that are kept, by their order in time; the fourth before is the second before of every other frame."""

SUMMED = "summed"
"""Kind of the scenes of frames that the camera or the onboard software summed 2 x 2."""

logger = logging.getLogger(__name__)


def load_scenes(config: TrainConfig) -> list[Scene]:
    """Read the scenes of a training run, and after them their binned copies.

    Parameters
    ----------
    config : TrainConfig

    Returns
    -------
    list of Scene

    Raises
    ------
    TrainingError
        There is nothing to train on.
    """
    levels = config.settings().levels
    scenes = read_scenes(config, partial(scenes_from_folder, levels=levels), partial(_simulated_scene, levels=levels))
    return scenes + [binned_copy(scene) for scene in scenes if scene.level.shape[0] == FRAME_SIDES[0]]


def scenes_from_folder(folder: Path, calibration: CalibrationSet, levels: str = NOISE_LEVELS) -> list[Scene]:
    """Read every usable Level 0.5 frame in a folder and below; those of no use are logged and left out.

    Parameters
    ----------
    folder : Path
        Frames of one folder, of the same kind and within hours, serve each other as context.
    calibration : CalibrationSet
    levels : str
        What they are brought to, see `corinpaint.model.metadata.Domain`.

    Returns
    -------
    list of Scene
        By folder and kind, and in order of time.

    Raises
    ------
    TrainingError
        The folder is missing or holds no usable frame.
    """
    series: dict[tuple[str, ...], list[tuple[Frame, str]]] = defaultdict(list)
    for path, frame, sha256 in frames_in(folder, _is_whole, "a subfield, or summed more than 2 x 2"):
        key = (str(path.parent), frame.detector, frame.filter, frame.polar, str(frame.data.shape))
        series[key].append((frame, sha256))
    calibrate = partial(CalibratedFrames(2 * len(ORDERS)).get, calibration=calibration)
    responses = measured_responses((frame for group in series.values() for frame, _ in group), calibrate)
    makers = []
    for _, group in sorted(series.items()):
        members = sorted(group, key=lambda member: float(member[0].date.mjd))
        frames = [frame for frame, _ in members]
        others = partial(neighbouring_frames, frames, orders=ORDERS, max_hours=MOST_HOURS)
        makers += [
            partial(scene_from_frame, frame, calibrate, sha256, others(index), responses, levels)
            for index, (frame, sha256) in enumerate(members)
        ]
    return usable_scenes(folder, makers)


def scene_from_frame(
    frame: Frame,
    calibrate: Callable[[Frame], ObservedFrame],
    sha256: str,
    others: Iterable[tuple[int, Frame]] = (),
    responses: Responses | None = None,
    levels: str = NOISE_LEVELS,
) -> Scene:
    """Calibrate a real frame and bring it and its neighbours to its levels, as a restoration does.

    The response of the pixels is divided out of all of them.

    Parameters
    ----------
    frame : Frame
    calibrate : callable
        Calibrates a frame on the detector grid.
    sha256 : str
        Of its file.
    others : iterable of (int, Frame)
        Neighbours with their order in time; those that cannot serve as context are left out.
    responses : Responses, optional
        Of the pixels; by default those of the package.
    levels : str
        As for `scenes_from_folder`.

    Returns
    -------
    Scene

    Raises
    ------
    UnsupportedFrameError
        It is no exposure of the corona, or has no calibration factor.
    """
    around = calibrate(frame)
    response = (responses or Responses(())).of(frame.detector, day_of(frame), around.shape)
    known = around.observed & np.isfinite(around.brightness)
    sigma = np.sqrt(around.variance)
    scales = equalisation.fit_scales(around.brightness, sigma, known, levels)
    share = flat_field.share(around.brightness, sigma, known, response)
    flat = np.asarray(1 + share * response, dtype=np.float32)
    noise, level = _levels(scales, around.brightness / flat, known)
    return Scene(
        level=level,
        known=known,
        centre=around.centre,
        name=frame.name,
        day=day_of(frame),
        kind=SUMMED if frame.sums.pixels > 1 else frame.detector,
        detector=frame.detector,
        sha256=sha256,
        context=tuple(_neighbours(around, scales, flat, others, calibrate)),
        sources=point_sources(noise, known, around.saturated),
    )


def binned_copy(scene: Scene) -> Scene:
    """A copy summed 2 x 2 afterwards: half the noise, so twice the levels; known where all four pixels are."""
    level, known = _binned(scene.level, scene.known)
    column, row = scene.centre
    return replace(
        scene,
        level=level,
        known=known,
        centre=((column - 0.5) / 2, (row - 0.5) / 2),
        context=tuple(
            Neighbour(other.order, *_binned(other.level, other.known), other.day, other.hours)
            for other in scene.context
        ),
        binned=True,
        sources=None if scene.sources is None else ~_binned(scene.level, ~scene.sources)[1],
    )


def split_scenes(scenes: Sequence[Scene], fraction: float) -> tuple[list[Scene], list[Scene]]:
    """Divide scenes into training and validation; a day stays together, whatever the kinds of its frames.

    Context from the other side is taken away.

    Parameters
    ----------
    scenes : sequence of Scene
    fraction : float
        As for `corinpaint.train.frames.split_by_day`.

    Returns
    -------
    training, validation : list of Scene

    Raises
    ------
    TrainingError
        Nothing is left to train on, or no kind has two days.
    """
    held_out = {scene.day for scene in split_by_day(scenes, fraction)[1]}
    sides: tuple[list[Scene], list[Scene]] = ([], [])
    for scene in scenes:
        side = scene.day in held_out
        context = tuple(neighbour for neighbour in scene.context if (neighbour.day in held_out) == side)
        sides[side].append(replace(scene, context=context))
    if not sides[0]:
        raise TrainingError("every day has a kind of frames that is held out on it", "add frames of other days")
    return sides


def _neighbours(
    around: ObservedFrame,
    scales: equalisation.Scales,
    flat: Response,
    others: Iterable[tuple[int, Frame]],
    calibrate: Callable[[Frame], ObservedFrame],
) -> Iterable[Neighbour]:
    for order, other in others:
        try:
            (context,) = align(around, [calibrate(other)])
        except CorInpaintError as error:
            logger.info("no context: %s", error)
            continue
        known = context.observed & np.isfinite(context.image)
        noise, level = _levels(scales, context.image / flat, known)
        known &= ~point_sources(noise, known, context.saturated)
        yield Neighbour(order, np.where(known, level, 0), known, day_of(other), context.hours)


def _is_whole(frame: Frame) -> bool:
    return frame.subfield is None and frame.data.shape in [(side, side) for side in FRAME_SIDES]


def _in_noise(frame: Frame, calibration: CalibrationSet) -> Plane:
    """A frame in units of its noise."""
    around = calibrate_on_detector(frame, calibration)
    known = around.observed & np.isfinite(around.brightness)
    scale = equalisation.fit_noise(around.brightness, np.sqrt(around.variance), known)
    return Plane(_mapped(scale, around.brightness, known), known, around.centre)


def _levels(
    scales: equalisation.Scales, brightness: NDArray[np.float32], known: NDArray[np.bool_]
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Brightness in units of the noise, in which point sources stand out, and in the levels of the scene."""
    noise = _mapped(scales.noise, brightness, known)
    return noise, noise if scales.levels is scales.noise else _mapped(scales.levels, brightness, known)


def _mapped(
    scale: equalisation.Equaliser, values: NDArray[np.float32], known: NDArray[np.bool_]
) -> NDArray[np.float32]:
    return np.where(known, scale.forward(np.where(known, values, 0)), 0).astype(np.float32)


def _binned(level: NDArray[np.float32], known: NDArray[np.bool_]) -> tuple[NDArray[np.float32], NDArray[np.bool_]]:
    rows, columns = level.shape[0] // 2, level.shape[1] // 2
    whole = known.reshape(rows, 2, columns, 2).all(axis=(1, 3))
    means = level.reshape(rows, 2, columns, 2).mean(axis=(1, 3))
    return np.where(whole, 2 * means, 0).astype(np.float32), np.asarray(whole)


def _simulated_scene(seed: int, calibration: CalibrationSet, cache: Path, levels: str) -> Scene:
    plane, name, detector, sha256 = simulated_plane(seed, cache, "noise", partial(_in_noise, calibration=calibration))
    noise, known = plane.values, plane.known
    # Ranks are those of any unit; in that of the noise the noise is 1 everywhere.
    scale = None if levels == NOISE_LEVELS else equalisation.fit_levels(noise, np.ones_like(noise), known)
    level = noise if scale is None else _mapped(scale, noise, known)
    sources = point_sources(noise, known)
    return Scene(level, known, plane.centre, name, name, SIMULATED, detector, sha256, sources=sources)
