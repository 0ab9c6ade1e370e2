"""The methods that a benchmark compares, by the names that ``--fill`` takes, and the network by its file."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from corinpaint.lasco import blocks
from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.expose import Exposed
from corinpaint.restore import backends, fills
from corinpaint.restore.filling import fill_with_method, fill_with_network
from corinpaint.restore.pipeline import NETWORK
from corinpaint.restore.survey import Surroundings
from corinpaint.train.benchmark import Filler


def fillers(names: Sequence[str], models: Sequence[Path] = (), threads: int = 0) -> tuple[dict[str, Filler], str]:
    """Methods by name.

    Parameters
    ----------
    names : sequence of str
        ``network`` (the shipped weights) and names of `corinpaint.restore.fills.METHODS`.
    models : sequence of Path
        More networks; each is called by the name of its file.
    threads : int
        Of the networks; 0 takes all cores.

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
    for path in models:
        engine = backends.load(path, threads)
        found[path.name] = _network(engine)
        weights.append(f"{path.name} {engine.info.sha256}")
    for name in names:
        if name == NETWORK:
            engine = backends.load(None, threads)
            found[name] = _network(engine)
            weights.append(f"{name} {engine.info.sha256}")
        elif name in fills.METHODS:
            found[name] = _method(fills.METHODS[name]())
        else:
            raise OptionError(f"method {name!r} is unknown; choose of {NETWORK}, {', '.join(fills.METHODS)}")
    return found, ", ".join(weights) or "none"


def _network(engine: backends.Inpainter) -> Filler:
    def fill(around: Surroundings, wanted: blocks.Blocks) -> Exposed:
        return fill_with_network(around, wanted, engine)[0]

    return fill


def _method(method: fills.Fill) -> Filler:
    def fill(around: Surroundings, wanted: blocks.Blocks) -> Exposed:
        return fill_with_method(around, tuple(blocks.zones(wanted)), method)[0]

    return fill
