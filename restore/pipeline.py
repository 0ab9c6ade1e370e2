"""The one path from a Level 0.5 frame to its restored Level 1 product.

photometry -> equalise -> fill the lost blocks -> inverse -> put back -> distortion, mask, header.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.level1 import product as level1
from corinpaint.lasco.level1.calibrate import finish
from corinpaint.lasco.options import DEFAULT, Options
from corinpaint.lasco.photometry.detector import Exposed
from corinpaint.lasco.photometry.optics import load_assets
from corinpaint.lasco.reference_files.calibration_set import Assets
from corinpaint.lasco.version import __version__
from corinpaint.model.metadata import DOMAINS, default_checkpoint, read_info
from corinpaint.restore import decision, measured_errors
from corinpaint.restore.context import Context, align
from corinpaint.restore.engines import base, loading
from corinpaint.restore.filling import fill_with_method, fill_with_network
from corinpaint.restore.methods import registry
from corinpaint.restore.stages import Stages
from corinpaint.restore.survey import Surroundings, survey

NETWORK = "network"

AUTO = "auto"

TAKE_CONTEXT = (NETWORK, AUTO, registry.TEMPORAL)
"""Methods that context frames can be given to."""

FILLS = (NETWORK, AUTO, *registry.METHODS, "none")
"""Methods of filling that can be asked for."""

SEEN = {
    "equalised": "on the detector grid in the equalised domain",
    "noise": "in straightened windows of the detector grid in units of the noise",
}
"""What networks see, by domain."""


@dataclass(frozen=True, eq=False)
class Restored:
    """A restored frame and how it came about.

    Attributes
    ----------
    frame : Frame
        The Level 0.5 frame.
    level1 : Level1
        The product.
    verdicts : tuple of Verdict
        What became of each zone of lost blocks.
    lost, filled : ndarray of bool, shape (32, 32)
        Lost blocks, and those of them that were filled.
    fill : str
        Method that was asked for.
    model : ModelInfo or None
        The network that filled; None when none was run.
    seconds : mapping of str to float
        What 'calibrate', 'fill' and 'finish' took.
    """

    frame: Frame
    level1: level1.Level1
    verdicts: tuple[decision.Verdict, ...]
    lost: blocks.Blocks
    filled: blocks.Blocks
    fill: str
    model: base.ModelInfo | None
    seconds: Mapping[str, float]


def restore(
    frame: Frame,
    *,
    fill: str = "network",
    inpainter: base.Inpainter | None = None,
    assets: Assets | None = None,
    options: Options = DEFAULT,
    context: Sequence[Frame] = (),
    most_error: float | None = None,
) -> Restored:
    """Calibrate a frame and fill its lost blocks.

    Parameters
    ----------
    frame : Frame
        Level 0.5.
    fill : str
        How lost blocks are filled: 'network', one of `corinpaint.restore.methods.registry.METHODS`, 'auto' (for every
        zone the one that was measured best, see `corinpaint.restore.measured_errors`), or 'none', which leaves them NaN
        and flagged.
    inpainter : Inpainter, optional
        The network; by default the shipped weights on onnxruntime. Not opened when nothing is to be filled.
    assets : Assets, optional
        Calibration; by default the nominal sets.
    options : Options, optional
        Steps of the calibration to leave out.
    context : sequence of Frame, optional
        Frames of the same hours, Level 0.5, that 'network', 'temporal' and 'auto' may take their fill from.
    most_error : float, optional
        Refuse zones that no method (or not the one asked for) was measured to fill within this median error, in units
        of the noise; see `corinpaint.restore.measured_errors.measured`. SolarSoft's limits hold besides.

    Returns
    -------
    Restored
        Pixels that no fill touches are bit-identical for every `fill`.

    Raises
    ------
    OptionError
        When `fill` is not one of `FILLS`, needs what is not installed, or context is missing or of no use to it, or
        `most_error` is not positive.
    ContextError
        When a context frame is not fit; see `corinpaint.restore.context.align`.
    FrameError
        When the frame cannot be calibrated.
    CheckpointError
        When the network is needed and cannot be opened.
    """
    check_fill(fill)
    if (fill == registry.TEMPORAL and not context) or (context and fill not in TAKE_CONTEXT):
        raise OptionError(
            f"fill = {fill!r} with {len(context)} context frames; {registry.TEMPORAL!r} needs some, {NETWORK!r} and "
            f"{AUTO!r} may have some, no other takes any"
        )
    if context and fill == NETWORK and inpainter is not None and inpainter.info.domain == DOMAINS[0]:
        raise OptionError(
            f"{inpainter.info.path.name}: this network takes no context; leave it out, or use other weights"
        )
    if most_error is not None and not most_error > 0:
        raise OptionError(f"most_error = {most_error} must be greater than 0; give it in units of the noise of a pixel")
    stages = Stages()
    around = survey(frame, assets or load_assets(), options)
    verdicts = _verdicts(around, fill)
    aligned = align(around.exposed, around.observed, context)
    stages.ended("calibrate")
    shown = [_shown(around, verdict, aligned) for verdict in verdicts]
    measured = _measured(verdicts, frame, shown, inpainter)
    plan = [
        (fill,) if fill != AUTO else measured_errors.ranked(frame, _count(v), with_context=there)
        for v, there in zip(verdicts, shown, strict=True)
    ]
    if most_error is not None:
        verdicts, plan = _within(verdicts, plan, measured, most_error)
    exposed, verdicts, model = _filled(around, verdicts, plan, inpainter, aligned)
    verdicts = [replace(v, error=errors.get(v.method)) for v, errors in zip(verdicts, measured, strict=True)]
    stages.ended("fill")
    product = finish(exposed, _accepted(verdicts), _history(verdicts, model), _cards(fill, model))
    stages.ended("finish")
    filled = _accepted(verdicts)
    return Restored(frame, product, tuple(verdicts), around.lost, filled, fill, model, stages.seconds)


def check_fill(fill: str) -> None:
    """Refuse a method of filling that there is not.

    Raises
    ------
    OptionError
    """
    if fill not in FILLS:
        raise OptionError(f"fill = {fill[:40]!r} is unknown; choose one of {', '.join(FILLS)}")


def _count(verdict: decision.Verdict) -> int:
    return int(verdict.zone.missing.sum())


def _shown(around: Surroundings, verdict: decision.Verdict, context: tuple[Context, ...]) -> bool:
    """Whether context frames observed all that is lost in a zone."""
    hole = blocks.expand(verdict.zone.missing, around.field.shape) & around.field
    return bool(context) and bool(np.logical_or.reduce([one.observed[hole] for one in context]).all())


def _measured(
    verdicts: list[decision.Verdict], frame: Frame, shown: list[bool], inpainter: base.Inpainter | None
) -> list[dict[str, float]]:
    """Measured errors on zones like each; those of the network only for the weights that were measured."""
    errors = [
        measured_errors.measured(frame, _count(v), with_context=there) for v, there in zip(verdicts, shown, strict=True)
    ]
    if not errors:
        return []
    used = inpainter.info.sha256 if inpainter is not None else read_info(default_checkpoint()).sha256
    if used != measured_errors.weights():
        for one in errors:
            one.pop(NETWORK, None)
    return errors


def _within(
    verdicts: list[decision.Verdict], plan: list[tuple[str, ...]], measured: list[dict[str, float]], most: float
) -> tuple[list[decision.Verdict], list[tuple[str, ...]]]:
    """Leave out methods with larger errors, and refuse the zones for which none is left."""
    kept = [
        tuple(name for name in names if errors.get(name, np.inf) <= most)
        for names, errors in zip(plan, measured, strict=True)
    ]
    judged = []
    for verdict, names, left, errors in zip(verdicts, plan, kept, measured, strict=True):
        found = min(((errors[name], name) for name in names if name in errors), default=None)
        count = _count(verdict)
        what = f"filling {count} block{'s' if count > 1 else ''}"
        told = f"the error of {what} by {', '.join(names)} was not measured"
        if found is not None:
            told = f"{what} by {found[1]} has an error of {found[0]:.2f} x noise, more than {most:g}"
        judged.append(replace(verdict, refused=verdict.refused or ("" if left else told)))
    return judged, kept


def _filled(
    around: Surroundings,
    verdicts: list[decision.Verdict],
    plan: list[tuple[str, ...]],
    inpainter: base.Inpainter | None,
    context: tuple[Context, ...],
) -> tuple[Exposed, list[decision.Verdict], base.ModelInfo | None]:
    """The frame with every zone filled by the first of its methods that finds values, and refused where none does."""
    brightness, variance = around.exposed.brightness.copy(), around.exposed.variance.copy()
    model, verdicts = None, list(verdicts)
    open_ = {i for i, verdict in enumerate(verdicts) if not verdict.refused}
    helps = [measured_errors.context_helps(around.exposed.frame, _count(verdict)) for verdict in verdicts]
    for turn in range(max(map(len, plan), default=0)):
        steps = {i: (plan[i][turn], plan[i][turn] != NETWORK or helps[i]) for i in sorted(open_) if turn < len(plan[i])}
        for name, in_context in dict.fromkeys(steps.values()):
            mine = [i for i, step in steps.items() if step == (name, in_context)]
            zones = tuple(verdicts[i].zone for i in mine)
            if name == NETWORK:
                engine = inpainter or loading.load()
                given = context if in_context and engine.info.domain != DOMAINS[0] else ()
                result, reached = fill_with_network(around, zones, engine, given)
            else:
                result, reached = fill_with_method(around, zones, registry.METHODS[name](), context)
            for i in mine:
                place = blocks.bounds(verdicts[i].zone.missing, around.field.shape)
                hole = blocks.expand(verdicts[i].zone.missing, around.field.shape)[place] & around.field[place]
                if reached[place][hole].all():
                    brightness[place][hole] = result.brightness[place][hole]
                    variance[place][hole] = result.variance[place][hole]
                    verdicts[i] = replace(verdicts[i], method=name)
                    model = engine.info if name == NETWORK else model
                    open_.discard(i)
    for i in open_:
        verdicts[i] = replace(verdicts[i], refused=_out_of_reach(plan[i][-1], bool(context)))
    return replace(around.exposed, brightness=brightness, variance=variance), verdicts, model


def _out_of_reach(name: str, context: bool) -> str:
    if name == NETWORK:
        return "out of the network's reach"
    return f"too little is observed {'in the context' if context else 'around it'} for {name}"


def _verdicts(around: Surroundings, fill: str) -> list[decision.Verdict]:
    verdicts = decision.judge(around.missing, around.field, around.observed)
    if fill == "none":
        return [decision.Verdict(v.zone, "no fill asked for") for v in verdicts]
    return verdicts


def _accepted(verdicts: list[decision.Verdict]) -> blocks.Blocks:
    maps = [v.zone.missing for v in verdicts if not v.refused]
    return np.asarray(np.logical_or.reduce(maps)) if maps else np.zeros((blocks.GRID, blocks.GRID), dtype=bool)


def _history(verdicts: list[decision.Verdict], model: base.ModelInfo | None) -> list[str]:
    lines = []
    if model is not None:
        lines.append(
            f"Lost blocks filled by the partial-convolution network, weights {model.sha256[:12]}, {model.engine}, "
            f"{SEEN[model.domain]}; observed pixels untouched"
        )
    for verdict in verdicts:
        error = "" if verdict.error is None else f", measured error {verdict.error:.2f} x noise"
        fate = f"refused: {verdict.refused}" if verdict.refused else f"filled by {verdict.method}{error}"
        lines.append(f"Zone {verdict.zone.number}, {int(verdict.zone.missing.sum())} missing blocks: {fate}")
    return lines


def _cards(fill: str, model: base.ModelInfo | None) -> list[tuple[str, str, str]]:
    cards = [("FILL", fill, "method of filling that was asked for")]
    if model is None:
        return [*cards, ("WEIGHTS", "none", "no network was run")]
    return [
        *cards,
        ("WEIGHTS", model.sha256, "sha256 of the network's weights"),
        ("NETVER", model.version, "CorInpaint version of the weights"),
        ("FILLVER", __version__, "CorInpaint version that filled"),
    ]
