"""The methods that a benchmark compares, by the names that ``--fill`` takes, and the network by its file.

Those that take context find it among the benchmark's own frames: the nearest earlier ones that are fit.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import numpy as np

from corinpaint.evaluate.benchmark import Filler
from corinpaint.lasco.errors import CorInpaintError, OptionError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame, read_frame
from corinpaint.lasco.photometry.detector import Exposed
from corinpaint.restore.context import Context, align
from corinpaint.restore.engines import base, loading
from corinpaint.restore.filling import fill_with_method, fill_with_network
from corinpaint.restore.methods import registry
from corinpaint.restore.methods.problem import Fill
from corinpaint.restore.pipeline import NETWORK
from corinpaint.restore.survey import Surroundings

WITH_CONTEXT = f"{NETWORK}+context"
"""The network given context."""


class Album:
    """Frames that may serve each other as context.

    Parameters
    ----------
    files : sequence of Path
        Level 0.5; what cannot be read serves nobody.
    count : int
        Most context frames of a frame.
    """

    def __init__(self, files: Sequence[Path], count: int) -> None:
        self.count = count
        self.frames: list[Frame] = []
        for path in files if count else ():
            with suppress(CorInpaintError):
                self.frames.append(read_frame(path))

    def before(self, around: Surroundings) -> tuple[Context, ...]:
        """The nearest earlier frames that are fit for a frame, aligned."""
        frame = around.exposed.frame
        earlier = [one for one in self.frames if one.date < frame.date]
        found: list[Context] = []
        for other in sorted(earlier, key=lambda one: one.date, reverse=True):
            with suppress(CorInpaintError):
                found += align(around.exposed, around.observed, [other])
            if len(found) == self.count:
                break
        return tuple(found)


def fillers(
    names: Sequence[str], models: Sequence[Path] = (), threads: int = 0, album: Album | None = None
) -> tuple[dict[str, Filler], str]:
    """Methods by name.

    Parameters
    ----------
    names : sequence of str
        ``network`` (the shipped weights), ``network+context``, and names of
        `corinpaint.restore.methods.registry.METHODS`.
    models : sequence of Path
        More networks; each is called by the name of its file, with context by that name and ``+context``.
    threads : int
        Of the networks; 0 takes all cores.
    album : Album, optional
        Context; where it has none for a frame, methods that need some find no values.

    Returns
    -------
    methods : dict of str to Filler
    weights : str
        sha256 of the weights of every network, by name.

    Raises
    ------
    OptionError
        On an unknown name, or one whose package is not installed.
    CheckpointError
        When a network cannot be opened.
    """
    found: dict[str, Filler] = {}
    weights = []
    none = Album((), 0)
    for path in models:
        engine = loading.load(path, threads)
        found[path.name] = _alone(_network(engine))
        if album is not None:
            found[f"{path.name}+context"] = _in_context(_network(engine), album)
        weights.append(f"{path.name} {engine.info.sha256}")
    for name in names:
        if name in (NETWORK, WITH_CONTEXT):
            engine = loading.load(None, threads)
            network = _network(engine)
            found[name] = _alone(network) if name == NETWORK else _in_context(network, album or none)
            weights.append(f"{name} {engine.info.sha256}")
        elif name in registry.METHODS:
            method = _method(registry.METHODS[name]())
            found[name] = _in_context(method, album or none) if name == registry.TEMPORAL else _alone(method)
        else:
            choices = ", ".join((NETWORK, WITH_CONTEXT, *registry.METHODS))
            raise OptionError(f"method {name!r} is unknown", f"choose of {choices}")
    return found, ", ".join(weights) or "none"


Contextual = Callable[[Surroundings, tuple[blocks.Zone, ...], tuple[Context, ...]], Exposed]


def _network(engine: base.Inpainter) -> Contextual:
    return lambda around, zones, context: fill_with_network(around, zones, engine, context)[0]


def _method(method: Fill) -> Contextual:
    return lambda around, zones, context: fill_with_method(around, zones, method, context)[0]


def _alone(fill: Contextual) -> Filler:
    return lambda around, wanted: fill(around, tuple(blocks.zones(wanted)), ())


def _in_context(fill: Contextual, album: Album) -> Filler:
    def filled(around: Surroundings, wanted: blocks.Blocks) -> Exposed:
        context = album.before(around)
        if context:
            return fill(around, tuple(blocks.zones(wanted)), context)
        hole = blocks.to_pixels(wanted, around.field.shape) & around.field
        return replace(around.exposed, brightness=np.where(hole, np.float32("nan"), around.brightness))

    return filled
