"""The section ``corinpaint`` of model-config.yaml."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Any

from corinpaint.lasco.errors import OptionError

ENGINES = ("onnxruntime", "torchscript")
"""Libraries that can run the network."""

PROVIDERS = ("cpu", "cuda", "tensorrt")
"""Execution providers of onnxruntime."""

MAX_THREADS = 256
"""Maximum of the settings that are numbers of threads."""


@dataclass(frozen=True)
class Settings:
    """Settings of a worker.

    Attributes
    ----------
    engine : {'onnxruntime', 'torchscript'}
        The library that runs the network.
    provider : {'cpu', 'cuda', 'tensorrt'}
        The execution provider of onnxruntime.
    threads : int
        Number of threads for each run of the network; 0 leaves the choice to the engine.
    spin : bool
        Whether waiting threads of onnxruntime keep their cores busy: faster for a single frame on cores of its own,
        slower when workers, frames of a batch or other programs share the cores.
    parallel : int
        Number of frames of a batch that are restored concurrently; 0 for the number of cores.
    calibration : str or None
        Folder of official calibration files, absolute or inside the archive; None for the nominal set.
    """

    engine: str = "onnxruntime"
    provider: str = "cpu"
    threads: int = 0
    spin: bool = False
    parallel: int = 0
    calibration: str | None = None


def read_settings(config: Mapping[str, Any] | None) -> Settings:
    """Read and validate the section.

    Parameters
    ----------
    config : mapping or None
        The whole of model-config.yaml.

    Returns
    -------
    Settings
        With defaults for missing keys.

    Raises
    ------
    OptionError
        On an unknown key or value.
    """
    section = (config or {}).get("corinpaint") or {}
    names = [field.name for field in fields(Settings)]
    if not isinstance(section, Mapping) or set(section) - set(names):
        raise OptionError(
            f"model-config.yaml: the section corinpaint holds {section!r}", f"use the keys {', '.join(names)}"
        )
    settings = Settings(**section)
    if settings.engine not in ENGINES:
        raise OptionError(f"model-config.yaml: engine = {settings.engine!r}", f"choose one of {', '.join(ENGINES)}")
    if settings.provider not in PROVIDERS:
        raise OptionError(
            f"model-config.yaml: provider = {settings.provider!r}", f"choose one of {', '.join(PROVIDERS)}"
        )
    for name in ("threads", "parallel"):
        value = getattr(settings, name)
        if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= MAX_THREADS:
            raise OptionError(f"model-config.yaml: {name} = {value!r}", f"give a number from 0 to {MAX_THREADS}")
    if not isinstance(settings.spin, bool):
        raise OptionError(f"model-config.yaml: spin = {settings.spin!r}", "give true or false")
    if settings.calibration is not None and not isinstance(settings.calibration, str):
        raise OptionError(f"model-config.yaml: calibration = {settings.calibration!r}", "give a folder or null")
    return settings
