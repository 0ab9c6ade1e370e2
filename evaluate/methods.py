"""The methods that a benchmark compares, by the names that ``--fill`` takes, and networks by their files."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from corinpaint.evaluate.benchmark import Method
from corinpaint.evaluate.context_frames import Sides
from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.photometry.detector import ObservedFrame
from corinpaint.restore.context import Context
from corinpaint.restore.engines import base, loading
from corinpaint.restore.filling import fill_with_method
from corinpaint.restore.limits import by_size
from corinpaint.restore.methods import registry
from corinpaint.restore.methods.problem import Fill
from corinpaint.restore.network.adapters import adapt
from corinpaint.restore.plan import NETWORK

CONTEXT_SUFFIX = "+context"
"""Ending of the names of networks that are given context."""

WITH_CONTEXT = NETWORK + CONTEXT_SUFFIX
"""The network given context."""


EVERY = Sides(9)
"""As many earlier frames as there are."""


def load_methods(
    names: Sequence[str],
    models: Sequence[Path] = (),
    threads: int = 0,
    *,
    with_context: bool = False,
    sides: Sequence[Sides] = (EVERY,),
) -> tuple[dict[str, Method], str]:
    """Load methods by name.

    Parameters
    ----------
    names : sequence of str
        ``network`` (the shipped weights), ``network+context``, and names of
        `corinpaint.restore.methods.registry.METHODS`.
    models : sequence of Path
        More networks; each is called by the name of its file.
    threads : int
        Threads of the networks; 0 takes all cores.
    with_context : bool
        Load each of `models` a second time, given context, by its name and ``+context``.
    sides : sequence of Sides
        The kinds of context; a method that takes context is there once for each, its name with the suffix of the kind.

    Returns
    -------
    methods : dict of str to Method
        Where there is no context for a frame, those that take it fill with NaN.
    weights : str
        SHA-256 of the weights of every network, by name.

    Raises
    ------
    OptionError
        When a name is unknown, or the package that it needs is not installed.
    CheckpointError
        When a network cannot be opened.
    """
    found: dict[str, Method] = {}
    weights = []
    for path in models:
        engine = loading.load(path, threads)
        found[path.name] = _without_context(_network(engine))
        if with_context:
            found |= _for_each(sides, path.name + CONTEXT_SUFFIX, _network(engine))
        weights.append(f"{path.name} {engine.info.sha256}")
    for name in names:
        if name in (NETWORK, WITH_CONTEXT):
            engine = loading.load(None, threads)
            network = _network(engine)
            found |= {name: _without_context(network)} if name == NETWORK else _for_each(sides, name, network)
            weights.append(f"{name} {engine.info.sha256}")
        elif name in registry.METHODS:
            method = _baseline(registry.METHODS[name]())
            in_context = name in registry.NEED_CONTEXT
            found |= _for_each(sides, name, method) if in_context else {name: _without_context(method)}
        else:
            choices = ", ".join((NETWORK, WITH_CONTEXT, *registry.METHODS))
            raise OptionError(f"method {name!r} is unknown", f"choose of {choices}")
    return found, ", ".join(weights) or "none"


def networks(names: Sequence[str], models: Sequence[Path] = (), threads: int = 0) -> dict[str, tuple[Path | None, str]]:
    """The networks among the methods of `load_methods`, by the name of their first row.

    Parameters
    ----------
    names, models, threads
        As for `load_methods`.

    Returns
    -------
    dict of str to (Path or None, str)
        The file, None for the shipped one, and the SHA-256 of its weights.
    """
    found: dict[str, tuple[Path | None, str]] = {
        path.name: (path, loading.load(path, threads).info.sha256) for path in models
    }
    if {NETWORK, WITH_CONTEXT} & set(names):
        found[NETWORK] = (None, loading.load(None, threads).info.sha256)
    return found


ZoneFill = Callable[[ObservedFrame, tuple[blocks.Zone, ...], tuple[Context, ...]], ObservedFrame]


def _network(engine: base.Inpainter) -> ZoneFill:
    def filled(around: ObservedFrame, zones: tuple[blocks.Zone, ...], context: tuple[Context, ...]) -> ObservedFrame:
        result, _ = adapt(engine).fill(around, zones, context)
        return by_size.corrected(around, result, zones, context, engine.info.sha256)

    return filled


def _baseline(method: Fill) -> ZoneFill:
    return lambda around, zones, context: fill_with_method(around, zones, method, context)[0]


def _without_context(fill: ZoneFill) -> Method:
    return lambda around, wanted, _: fill(around, tuple(blocks.zones(wanted)), ())


def _for_each(sides: Sequence[Sides], name: str, fill: ZoneFill) -> dict[str, Method]:
    return {name + kind.suffix: _in_context(fill, kind) for kind in sides}


def _in_context(fill: ZoneFill, sides: Sides) -> Method:
    def filled(around: ObservedFrame, wanted: blocks.Blocks, context: tuple[Context, ...]) -> ObservedFrame:
        chosen = sides.choose(context)
        if chosen:
            return fill(around, tuple(blocks.zones(wanted)), chosen)
        hole = blocks.to_pixels(wanted) & around.field
        return replace(around, brightness=np.where(hole, np.float32("nan"), around.brightness))

    return filled
