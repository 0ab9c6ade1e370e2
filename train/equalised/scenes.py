"""Scenes in the equalised domain: full frames with the pixels whose truth is known, real or simulated."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.level05.frame import FRAME_SHAPE, Frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet
from corinpaint.restore.network.equalised import network_input
from corinpaint.train.config import TrainConfig
from corinpaint.train.frames import day_of, frames_in, read_scenes, usable_scenes
from corinpaint.train.simulated import SIMULATED, Plane, simulated_plane

REAL = "real"
"""Kind of the scenes of real frames."""


@dataclass(frozen=True, eq=False)
class Scene:
    """One equalised frame on the detector grid.

    Attributes
    ----------
    image : ndarray of float32, shape (1024, 1024)
        Equalised brightness, 0 to 1; 0 where unknown.
    known : ndarray of bool, shape (1024, 1024)
        Pixels whose truth is known: sent, not missing, not occulted, not saturated.
    centre : tuple of float
        Sun centre (column, row), px from 0.
    name : str
        Of the file or of the simulated frame.
    day : str
        What must stay together in training or validation: the date, or the simulated frame's own name.
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


def load_scenes(config: TrainConfig) -> list[Scene]:
    """Read the scenes of a training run.

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
    return read_scenes(config, scenes_from_folder, _simulated_scene)


def scenes_from_folder(folder: Path, calibration: CalibrationSet) -> list[Scene]:
    """Read every usable Level 0.5 frame in a folder and below; those of no use are logged and left out.

    Parameters
    ----------
    folder : Path
    calibration : CalibrationSet

    Returns
    -------
    list of Scene
        Sorted by path.

    Raises
    ------
    TrainingError
        The folder is missing or holds no usable frame.
    """
    frames = frames_in(folder, _is_full, "summed or a subfield; full frames at full resolution are used")
    return usable_scenes(folder, (partial(scene_from_frame, frame, calibration, sha256) for _, frame, sha256 in frames))


def scene_from_frame(frame: Frame, calibration: CalibrationSet, sha256: str) -> Scene:
    """Calibrate and equalise a real frame, as a restoration does.

    Parameters
    ----------
    frame : Frame
    calibration : CalibrationSet
    sha256 : str
        Of its file.

    Returns
    -------
    Scene

    Raises
    ------
    UnsupportedFrameError
        It is no exposure of the corona, or has no calibration factor.
    """
    plane = _equalised(frame, calibration)
    return Scene(plane.values, plane.known, plane.centre, frame.name, day_of(frame), REAL, sha256)


def _is_full(frame: Frame) -> bool:
    return frame.data.shape == FRAME_SHAPE and frame.subfield is None


def _equalised(frame: Frame, calibration: CalibrationSet) -> Plane:
    around = calibrate_on_detector(frame, calibration)
    image, mask, _ = network_input(around)
    return Plane(image[0, 0], mask[0, 0] > 0, around.centre)


def _simulated_scene(seed: int, calibration: CalibrationSet, cache: Path) -> Scene:
    plane, name, _, sha256 = simulated_plane(seed, cache, "equalised", partial(_equalised, calibration=calibration))
    return Scene(plane.values, plane.known, plane.centre, name, name, SIMULATED, sha256)
