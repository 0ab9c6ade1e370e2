"""Simulated frames without missing blocks, kept in a folder so that a restart need not simulate them again."""

from __future__ import annotations

import hashlib
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.files import aside
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.simulation.scene import simulate
from corinpaint.lasco.version import __version__

SIMULATED = "simulated"
"""Kind of the scenes of simulated frames."""

CACHE_FORMAT = 2
"""Part of the name of a cached file. Format 1, whose names have no number, held some sun centres as (row, column)."""


class Plane(NamedTuple):
    """A calibrated frame in the domain of a network.

    Attributes
    ----------
    values : ndarray of float32, shape (H, W)
        In the unit of the domain; 0 where unknown.
    known : ndarray of bool, shape (H, W)
        Pixels whose truth is known.
    centre : tuple of float
        Sun centre (column, row), px from 0.
    """

    values: NDArray[np.float32]
    known: NDArray[np.bool_]
    centre: tuple[float, float]


class SimulatedPlane(NamedTuple):
    """A simulated frame in the domain of a network.

    Attributes
    ----------
    plane : Plane
    name : str
        "simulated-" and the seed.
    detector : str
        "C2" or "C3".
    sha256 : str
        Of the simulated counts.
    """

    plane: Plane
    name: str
    detector: str
    sha256: str


def simulated_plane(seed: int, cache: Path, domain: str, calibrate: Callable[[Frame], Plane]) -> SimulatedPlane:
    """Read a simulated frame from its file; where that is missing or damaged, simulate it and write the file first.

    Parameters
    ----------
    seed : int
        Of the simulator.
    cache : Path
        Folder of the files, made where it is missing.
    domain : str
        Part of the file's name: what `calibrate` gives.
    calibrate : callable
        Brings the frame to the domain.

    Returns
    -------
    SimulatedPlane

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    name = f"{SIMULATED}-{seed:06d}"
    path = cache / f"{name}-{domain}-{CACHE_FORMAT}-{__version__}.npz"
    try:
        return _read(path, name)
    except (OSError, KeyError, ValueError, zipfile.BadZipFile):
        path.unlink(missing_ok=True)
    frame = simulate(seed, missing=0).frame
    _write(path, calibrate(frame), frame)
    return _read(path, name)


def _read(path: Path, name: str) -> SimulatedPlane:
    with np.load(path) as saved:
        values = saved["values"]
        known = np.unpackbits(saved["known"], count=values.size).astype(bool).reshape(values.shape)
        column, row = saved["centre"].tolist()
        plane = Plane(values, known, (column, row))
        return SimulatedPlane(plane, name, str(saved["detector"]), str(saved["sha256"]))


def _write(path: Path, plane: Plane, frame: Frame) -> None:
    with aside(path) as part, part.open("wb") as file:
        np.savez(
            file,
            values=plane.values,
            known=np.packbits(plane.known),
            centre=np.array(plane.centre),
            detector=frame.detector,
            sha256=hashlib.sha256(np.ascontiguousarray(frame.data).tobytes()).hexdigest(),
        )
