"""The one path from a Level 0.5 frame to its restored Level 1 product.

photometry -> equalise -> fill the lost blocks -> inverse -> put back -> distortion, mask, header.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco import blocks, clock, level1
from corinpaint.lasco.assets import Assets, load_assets
from corinpaint.lasco.errors import CheckpointError, OptionError
from corinpaint.lasco.expose import Exposed, expose
from corinpaint.lasco.frame import Frame
from corinpaint.lasco.options import DEFAULT, Options
from corinpaint.lasco.pointing import on_detector, pointing
from corinpaint.lasco.reduction import finish
from corinpaint.lasco.version import __version__
from corinpaint.restore import backends, equalise, fills, policy, uncertainty
from corinpaint.restore.context import Context, align

NETWORK = "network"

FILLS = (NETWORK, *fills.METHODS, "none")
"""Methods of filling that can be asked for."""


@dataclass(frozen=True, eq=False)
class Surroundings:
    """What is known and what is missing on the detector grid of one frame.

    Attributes
    ----------
    exposed : Exposed
        The calibrated frame.
    observed : ndarray of bool, shape of the frame
        Sent, not lost, in the field of view, not saturated.
    """

    exposed: Exposed
    observed: NDArray[np.bool_]

    @property
    def brightness(self) -> NDArray[np.float32]:
        """Mean solar brightness; meaningless where not observed; shape of the frame."""
        return self.exposed.brightness

    @property
    def field(self) -> NDArray[np.bool_]:
        """Field of view; shape of the frame."""
        return self.exposed.seen

    @property
    def lost(self) -> blocks.Blocks:
        """Lost blocks; shape (32, 32)."""
        return self.exposed.lost

    @property
    def missing(self) -> blocks.Blocks:
        """Lost blocks that reach into the field of view; shape (32, 32)."""
        return np.asarray(self.lost & (blocks.means(self.field, blocks.sides(self.field.shape)) > 0))


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
    """

    frame: Frame
    level1: level1.Level1
    verdicts: tuple[policy.Verdict, ...]
    lost: blocks.Blocks
    filled: blocks.Blocks
    fill: str
    model: backends.ModelInfo | None


def survey(frame: Frame, assets: Assets, options: Options = DEFAULT) -> Surroundings:
    """Calibrate a frame on the detector grid and find what is missing.

    Parameters
    ----------
    frame : Frame
    assets : Assets
    options : Options

    Returns
    -------
    Surroundings

    Raises
    ------
    UnsupportedFrameError
        When the frame is not an exposure of the corona, or has no calibration factor.
    """
    exposed = expose(frame, assets, options)
    sent = ~(blocks.expand(exposed.lost, frame.data.shape) | exposed.unsent)
    return Surroundings(exposed, sent & exposed.seen & ~exposed.saturated)


def restore(
    frame: Frame,
    *,
    fill: str = "network",
    inpainter: backends.Inpainter | None = None,
    assets: Assets | None = None,
    options: Options = DEFAULT,
    context: Sequence[Frame] = (),
) -> Restored:
    """Calibrate a frame and fill its lost blocks.

    Parameters
    ----------
    frame : Frame
        Level 0.5.
    fill : str
        How lost blocks are filled: 'network', one of `corinpaint.restore.fills.METHODS`, or 'none', which leaves them
        NaN and flagged.
    inpainter : Inpainter, optional
        The network; by default the shipped weights on onnxruntime. Not opened when nothing is to be filled.
    assets : Assets, optional
        Calibration; by default the nominal sets.
    options : Options, optional
        Steps of the calibration to leave out.
    context : sequence of Frame, optional
        Frames of the same hours, Level 0.5, that `fill='temporal'` takes its fill from.

    Returns
    -------
    Restored
        Pixels that no fill touches are bit-identical for every `fill`.

    Raises
    ------
    OptionError
        When `fill` is not one of `FILLS`, needs what is not installed, or context is missing or of no use to it.
    ContextError
        When a context frame is not fit; see `corinpaint.restore.context.align`.
    FrameError
        When the frame cannot be calibrated.
    CheckpointError
        When the network is needed and cannot be opened.
    """
    if fill not in FILLS:
        raise OptionError(f"fill = {fill!r} is unknown; choose one of {', '.join(FILLS)}")
    if bool(context) != (fill == fills.TEMPORAL):
        raise OptionError(
            f"fill = {fill!r} with {len(context)} context frames; {fills.TEMPORAL!r} needs some, and no other takes any"
        )
    around = survey(frame, assets or load_assets(), options)
    verdicts = _verdicts(around, fill)
    exposed, model = around.exposed, None
    if fill in fills.METHODS:
        exposed, verdicts = _filled_by(fill, around, verdicts, context)
    elif any(not v.refused for v in verdicts):
        engine = inpainter or backends.load()
        exposed, reached = fill_with_network(around, _accepted(verdicts), engine)
        verdicts, model = [_within_reach(v, around, reached) for v in verdicts], engine.info
    filled = _accepted(verdicts)
    product = finish(exposed, filled, _history(verdicts, fill, model), _cards(fill, model))
    return Restored(frame, product, tuple(verdicts), around.lost, filled, fill, model)


def _verdicts(around: Surroundings, fill: str) -> list[policy.Verdict]:
    verdicts = policy.judge(around.missing, around.field, around.observed)
    if fill == "none":
        return [policy.Verdict(v.zone, "no fill asked for") for v in verdicts]
    return verdicts


def _accepted(verdicts: list[policy.Verdict]) -> blocks.Blocks:
    maps = [v.zone.missing for v in verdicts if not v.refused]
    return np.asarray(np.logical_or.reduce(maps)) if maps else np.zeros((blocks.GRID, blocks.GRID), dtype=bool)


def _within_reach(
    verdict: policy.Verdict,
    around: Surroundings,
    reached: NDArray[np.bool_],
    otherwise: str = "out of the network's reach",
) -> policy.Verdict:
    holes = blocks.expand(verdict.zone.missing, around.field.shape) & around.field
    if verdict.refused or reached[holes].all():
        return verdict
    return policy.Verdict(verdict.zone, otherwise)


def network_input(around: Surroundings) -> tuple[backends.Image, backends.Image, equalise.Equaliser]:
    """What the network sees of a frame.

    Returns
    -------
    image : ndarray of float32, shape (1, 1, 1024, 1024), less when summed
        Equalised brightness, 0 where not observed.
    mask : ndarray of float32, same shape
        1 where observed.
    equaliser : Equaliser
        The way back.
    """
    equaliser = equalise.fit(around.brightness, around.observed)
    image = np.where(around.observed, equaliser.forward(around.brightness), np.float32(0))
    return image[None, None], around.observed.astype(np.float32)[None, None], equaliser


def fill_with_network(
    around: Surroundings, wanted: blocks.Blocks, engine: backends.Inpainter
) -> tuple[Exposed, NDArray[np.bool_]]:
    """The frame with the wanted blocks filled where the network reaches, and where it does."""
    image, mask, equaliser = network_input(around)
    restored, mask_out = engine.fill(image, mask)
    reached = mask_out[0, 0] > 0
    holes = blocks.expand(wanted, around.field.shape) & around.field & reached
    if not np.isfinite(restored[0, 0][holes]).all():
        raise CheckpointError(
            f"{engine.info.path.name}: the network gave values that are not finite; use other weights or another engine"
        )
    brightness = around.brightness.copy()
    brightness[holes] = equaliser.inverse(restored[0, 0][holes])
    variance = uncertainty.of_fill(around.exposed, around.observed, wanted, brightness)
    return replace(around.exposed, brightness=brightness, variance=variance), reached


def _filled_by(
    name: str, around: Surroundings, verdicts: list[policy.Verdict], context: Sequence[Frame]
) -> tuple[Exposed, list[policy.Verdict]]:
    """The frame with the accepted zones filled by a method of `fills`, those refused that it has no values for."""
    method = fills.METHODS[name]()
    zones = tuple(v.zone for v in verdicts if not v.refused)
    if not zones:
        return around.exposed, verdicts
    aligned = align(around.exposed, around.observed, context)
    exposed, reached = fill_with_method(around, zones, method, aligned)
    otherwise = f"too little is observed {'in the context' if context else 'around it'} for {name}"
    return exposed, [_within_reach(v, around, reached, otherwise) for v in verdicts]


def fill_with_method(
    around: Surroundings, zones: tuple[blocks.Zone, ...], method: fills.Fill, context: tuple[Context, ...] = ()
) -> tuple[Exposed, NDArray[np.bool_]]:
    """Fill zones by a method of `corinpaint.restore.fills`.

    Returns
    -------
    exposed : Exposed
        Brightness and variance with the fill; NaN where the method finds no value.
    reached : ndarray of bool, shape (H, W)
        Where it finds one.
    """
    wanted = np.logical_or.reduce([zone.missing for zone in zones])
    values = method(problem(around, zones, context))
    holes = blocks.expand(wanted, around.field.shape) & around.field
    brightness = np.where(holes, values, around.brightness)
    variance = uncertainty.of_fill(around.exposed, around.observed, wanted, brightness)
    return replace(around.exposed, brightness=brightness, variance=variance), np.isfinite(values)


def problem(around: Surroundings, zones: tuple[blocks.Zone, ...], context: tuple[Context, ...] = ()) -> fills.Problem:
    """What a method of `corinpaint.restore.fills` is told of a frame whose `zones` it shall fill."""
    exposed = around.exposed
    missing = np.logical_or.reduce([zone.missing for zone in zones])
    hole = blocks.expand(missing, around.field.shape) & around.field
    time = clock.corrected(exposed.frame.date, exposed.assets).date
    centre = on_detector(exposed.frame, pointing(exposed.frame, exposed.assets, time))
    sigma = np.sqrt(exposed.variance)
    return fills.Problem(around.brightness, around.observed, hole, sigma, centre, zones, context)


def _history(verdicts: list[policy.Verdict], fill: str, model: backends.ModelInfo | None) -> list[str]:
    lines = []
    if model is not None:
        lines.append(
            f"Lost blocks filled by the partial-convolution network, weights {model.sha256[:12]}, {model.engine}, "
            "on the detector grid in the equalised domain; observed pixels untouched"
        )
    for verdict in verdicts:
        fate = f"refused: {verdict.refused}" if verdict.refused else f"filled by {fill}"
        lines.append(f"Zone {verdict.zone.number}, {int(verdict.zone.missing.sum())} missing blocks: {fate}")
    return lines


def _cards(fill: str, model: backends.ModelInfo | None) -> list[tuple[str, str, str]]:
    cards = [("FILL", fill, "method of filling that was asked for")]
    if model is None:
        return [*cards, ("WEIGHTS", "none", "no network was run")]
    return [
        *cards,
        ("WEIGHTS", model.sha256, "sha256 of the network's weights"),
        ("NETVER", model.version, "CorInpaint version of the weights"),
        ("FILLVER", __version__, "CorInpaint version that filled"),
    ]
