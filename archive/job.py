"""How the products of a run are made: settings that are the same for every frame, and travel between processes."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Stale = Literal["remake", "skip", "fail"]


@dataclass(frozen=True)
class Job:
    """How the products of a run are made.

    Attributes
    ----------
    verb : str
        'restore' or 'calibrate'.
    fill : str
        Method of filling, see `corinpaint.restore.pipeline.restore`; 'none' for 'calibrate'.
    departures : tuple of str
        Names of options of the calibration, see `corinpaint.lasco.options.parse`.
    calibration : Path or None
        Folder of the official calibration files.
    model : Path or None
        The network; None for the shipped weights.
    provider : str
        Device of the network.
    threads : int
        CPU threads of the network in each process; 0 for all cores.
    policy : str
        Which zones are filled, see `corinpaint.restore.limits.policies`.
    max_error : float or None
        Zones with a larger error are refused.
    context : tuple of Path
        Frames that serve all frames as context.
    auto_context : bool
        Take for each frame the nearest fit frames before and after it.
    mask : Path or None
        Masks of the user: a FITS file for all frames or a folder of them, see `corinpaint.archive.masks`.
    compress : str
        'none', 'lossless' or 'rice', see `corinpaint.lasco.level1.compression`.
    png, json : bool
        Write a picture, or a report, beside each product.
    stale : str
        What to do with a product that is there and was made in another way, or from another file: 'remake' it, 'skip'
        the frame, or 'fail'.
    overwrite : bool
        Make every product anew, and replace whatever is there.
    """

    verb: Literal["restore", "calibrate"] = "restore"
    fill: str = "network"
    departures: tuple[str, ...] = ()
    calibration: Path | None = None
    model: Path | None = None
    provider: str = "cpu"
    threads: int = 1
    policy: str = "auto"
    max_error: float | None = None
    context: tuple[Path, ...] = ()
    auto_context: bool = False
    mask: Path | None = None
    compress: str = "none"
    png: bool = False
    json: bool = False
    stale: Stale = "remake"
    overwrite: bool = False
