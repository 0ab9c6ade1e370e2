"""The one path from a Level 0.5 frame to its restored Level 1 product.

calibrate on the detector -> decide -> fill the missing blocks -> put back -> distortion, mask, header.
"""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.geometry.pointing import is_placeholder
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame, check_frame, read_frame
from corinpaint.lasco.level1.calibrate import make_product
from corinpaint.lasco.level1.product import Level1
from corinpaint.lasco.notebook.tables import table
from corinpaint.lasco.options import DEFAULT, Options
from corinpaint.lasco.photometry import user_mask
from corinpaint.lasco.photometry.detector import ObservedFrame, calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet
from corinpaint.model.metadata import DOMAINS, default_checkpoint, read_info
from corinpaint.restore import measured_errors
from corinpaint.restore.context import Context, ContextSource, align, asked, check, frame_of, in_order
from corinpaint.restore.decision import BlockCounts, ZoneRecord, accepted, counts, decide
from corinpaint.restore.engines.base import Inpainter, ModelInfo
from corinpaint.restore.filling import fill_zones
from corinpaint.restore.limits.policies import AUTO as AUTO_POLICY
from corinpaint.restore.limits.policies import DEFAULT_POLICY, check_policy, effective_policy, predicted_limit
from corinpaint.restore.limits.zones import beyond_what_was_measured, limited
from corinpaint.restore.methods import registry
from corinpaint.restore.plan import AUTO, NETWORK, plan
from corinpaint.restore.provenance.cards import fill_cards
from corinpaint.restore.provenance.history import history_lines
from corinpaint.restore.stages import Stages

TAKE_CONTEXT = (NETWORK, AUTO, *sorted(registry.NEED_CONTEXT))
"""Methods that context frames can be given to."""

FILLS = (NETWORK, AUTO, *registry.METHODS, "none")
"""Methods of filling that can be asked for."""


@dataclass(frozen=True, eq=False, repr=False)
class Restored:
    """A restored frame and how it came about.

    Attributes
    ----------
    frame : Frame
        The Level 0.5 frame.
    level1 : Level1
        The product.
    zones : tuple of ZoneRecord
        The zones of missing blocks and what became of each.
    missing : ndarray of bool, shape (H / 32, W / 32)
        Missing blocks.
    fill : str
        Method that was asked for.
    model : ModelInfo or None
        The network that filled, or whose predicted error refused a zone; None when none was run.
    seconds : mapping of str to float
        What 'calibrate', 'fill' and 'finish' took.
    """

    frame: Frame
    level1: Level1
    zones: tuple[ZoneRecord, ...]
    missing: blocks.Blocks
    fill: str
    model: ModelInfo | None
    seconds: Mapping[str, float]

    @property
    def filled(self) -> blocks.Blocks:
        """Missing blocks that were filled; shape (H / 32, W / 32)."""
        return accepted(self.zones, self.missing)

    @property
    def counts(self) -> BlockCounts:
        """How many blocks are missing, filled, refused and occulted."""
        return counts(self.missing, self.zones)

    def _repr_html_(self) -> str:
        number, product = self.counts, self.level1
        rows: dict[str, object] = {
            "Frame": repr(self.frame),
            "Calibration": product.header["CALIB"],
            "Missing blocks": number.missing,
            "Filled, refused, occulted": f"{number.filled}, {number.refused}, {number.occulted}",
            "Fill": self.fill,
            "Weights": "none" if self.model is None else self.model.sha256[:12],
            "Seconds": ", ".join(f"{name} {seconds:.2f}" for name, seconds in self.seconds.items()),
        }
        fates = [repr(record).strip("<>") for record in self.zones]
        return table(f"Restored {product.filename}", rows, [*fates, *product.warnings])

    def __repr__(self) -> str:
        number = self.counts
        lines = [
            f"<Restored {self.level1.filename} of {self.frame!r}",
            f"  {number.missing} missing blocks: {number.filled} filled, {number.refused} refused, "
            f"{number.occulted} occulted; fill {self.fill!r}",
            *(f"  {record!r}" for record in self.zones),
        ]
        return "\n".join(lines) + ">"


def restore(
    frame: Frame | str | os.PathLike[str],
    *,
    fill: str = "network",
    inpainter: Inpainter | None = None,
    calibration: CalibrationSet | None = None,
    options: Options = DEFAULT,
    context: Sequence[Frame | ObservedFrame] = (),
    nearby: ContextSource | None = None,
    policy: str = DEFAULT_POLICY,
    max_error: float | None = None,
    most_error: float | None = None,
    mask: NDArray[np.bool_] | None = None,
) -> Restored:
    """Calibrate a frame and fill its missing blocks.

    Parameters
    ----------
    frame : Frame, str or os.PathLike
        Level 0.5, or the path of its file.
    fill : str
        How missing blocks are filled: 'network', one of `corinpaint.restore.methods.registry.METHODS`, 'auto' (for
        every zone the one that was measured best, see `corinpaint.restore.measured_errors`), or 'none', which leaves
        them NaN and flagged.
    inpainter : Inpainter, optional
        The network; by default the shipped weights on onnxruntime. Not opened when nothing is to be filled.
    calibration : CalibrationSet, optional
        Calibration; by default the nominal sets.
    options : Options, optional
        Steps of the calibration to leave out.
    context : sequence of Frame or ObservedFrame, optional
        Frames of the same hours, Level 0.5 or calibrated on the detector, that 'network', 'auto' and the methods in
        `corinpaint.restore.methods.registry.NEED_CONTEXT` may take their fill from. When the header
        has placeholders for its pointing, the roll is that of the nearest one, which may be of the other telescope.
    nearby : ContextSource, optional
        Where more context comes from, such as `corinpaint.restore.nearby.AutomaticContext`. It is asked only when there
        is a zone to fill by a method that takes context, or the header has no pointing.
    policy : str
        'solarsoft': zones beyond SolarSoft's limits (16 blocks, the edge of the frame) are refused. 'predicted': zones
        of any size are filled by the network, and refused where the error that it predicts is above `max_error`; by
        default above `corinpaint.restore.limits.policies.MAX_PREDICTED`. 'auto': 'predicted' for zones beyond
        SolarSoft's limits which context frames show, where the intervals of such fills were measured to hold;
        'solarsoft' for all others.
    max_error : float, optional
        Refuse zones that no method (or not the one asked for) was measured to fill within this median error, in units
        of the noise (`corinpaint.restore.measured_errors.measured`; not by the policy 'predicted'), and zones for which
        the network predicts a larger one of its own fill (`corinpaint.restore.limits.predicted`).
    most_error : float, optional
        Deprecated name of `max_error`.
    mask : ndarray of bool, shape of the frame, optional
        Pixels that the user calls missing, on the pixels of the file (row 0 at the bottom), before any rotation. They
        are filled with the zones of the blocks that hold them, and flagged apart (`Flag.USER`); the other pixels of
        these blocks are put back. Outside of the field of view it changes nothing.

    Returns
    -------
    Restored
        Pixels that no fill touches are bit-identical for every `fill`.

    Raises
    ------
    OptionError
        When `fill` is not one of `FILLS`, needs what is not installed, or context is missing or of no use to it, or
        `policy` is not one that the fill can follow, or `max_error` is not positive, or `mask` is no array of bools of
        the shape of the frame.
    ContextError
        When a context frame is not fit; see `corinpaint.restore.context.align`.
    FrameError
        When the frame cannot be calibrated.
    CheckpointError
        When the network is needed and cannot be opened.
    TypeError
        When `frame` or one of the context is no Frame.
    """
    frame = read_frame(frame) if isinstance(frame, str | os.PathLike) else frame
    check_frame(frame)
    given = [frame_of(other) for other in context]
    for other in given:
        check_frame(other)
    check_fill(fill)
    if most_error is not None:
        warnings.warn("most_error is deprecated, use max_error", DeprecationWarning, stacklevel=2)
        max_error = most_error if max_error is None else max_error
    fitting = filling_context(frame, context, fill)
    _check_request(fill, inpainter, fitting, nearby, max_error)
    check_policy(policy, fill, None if inpainter is None else inpainter.info.domain)
    policy = effective_policy(policy, fill, context=bool(given) or nearby is not None)
    stages = Stages()
    rolls = [*given, *(nearby.roll_from(frame) if nearby is not None and is_placeholder(frame) else ())]
    calibrated = calibrate_on_detector(frame, calibration or load_calibration_set(), options, rolls)
    masked = None if mask is None else user_mask.masked_pixels(calibrated, user_mask.check_mask(frame, mask))
    observed = calibrated if masked is None else user_mask.without_masked(calibrated, masked)
    records = _records(observed, fill, policy)
    weights = "" if not records else (inpainter.info if inpainter else read_info(default_checkpoint())).sha256
    if policy == AUTO_POLICY:
        records = [beyond_what_was_measured(observed, record, weights) for record in records]
    check(observed, fitting, rolls)
    aligned = _context(observed, records, fill, inpainter, fitting, nearby, rolls)
    stages.ended("calibrate")
    plans = [
        limited(observed, plan(observed, record, fill, aligned, weights), policy, max_error, aligned)
        for record in records
    ]
    filled, plans, model = fill_zones(observed, plans, inpainter, aligned)
    zones = tuple(one.record for one in plans)
    if masked is not None:
        filled = user_mask.put_back(calibrated, filled, masked)
        zones = tuple(record.only_of(calibrated.missing) for record in zones)
    stages.ended("fill")
    history = history_lines(zones, model, "MSB" if options.calfactor else "DN/s", aligned)
    limit = predicted_limit(policy, max_error)
    cards = fill_cards(fill, policy, limit, asked(given, automatic=nearby is not None), zones, model, frame.detector)
    taken = accepted(zones, observed.missing)
    if mask is not None and masked is not None:
        history = [user_mask.history_line(masked, taken), *history]
        cards += user_mask.cards(mask, masked)
    product = make_product(filled, taken, history, cards, masked)
    stages.ended("finish")
    return Restored(frame, product, zones, calibrated.missing, fill, model, stages.seconds)


def check_fill(fill: str) -> None:
    """Refuse a method of filling that there is not.

    Raises
    ------
    OptionError
    """
    if fill not in FILLS:
        raise OptionError(f"fill = {fill[:40]!r} is unknown", f"choose one of {', '.join(FILLS)}")


def filling_context(
    frame: Frame, context: Sequence[Frame | ObservedFrame], fill: str
) -> Sequence[Frame | ObservedFrame]:
    """The context frames that may show what is missing; the others only tell a frame without pointing its roll."""
    if not is_placeholder(frame):
        return context
    return [other for other in context if frame_of(other).detector == frame.detector] if fill in TAKE_CONTEXT else ()


def _context(
    observed: ObservedFrame,
    records: Sequence[ZoneRecord],
    fill: str,
    inpainter: Inpainter | None,
    given: Sequence[Frame | ObservedFrame],
    nearby: ContextSource | None,
    rolls: Sequence[Frame],
) -> tuple[Context, ...]:
    """The context of a frame, the nearest first; none where no zone is filled from it."""
    if not any(_takes_context(observed.frame, record, fill, inpainter) for record in records):
        return ()
    aligned = align(observed, given, rolls)
    if nearby is None:
        return aligned
    hours = {context.hours for context in aligned}
    return in_order((*aligned, *(context for context in nearby.of(observed) if context.hours not in hours)))


def _takes_context(frame: Frame, record: ZoneRecord, fill: str, inpainter: Inpainter | None) -> bool:
    """Whether the fill of a zone would be another one with context."""
    if record.refused or fill not in TAKE_CONTEXT:
        return False
    if fill != NETWORK:
        return True
    takes = inpainter is None or DOMAINS[inpainter.info.domain].takes_context
    return takes and measured_errors.context_helps(frame, record.count)


def _check_request(
    fill: str,
    inpainter: Inpainter | None,
    context: Sequence[Frame | ObservedFrame],
    nearby: ContextSource | None,
    max_error: float | None,
) -> None:
    """Refuse what does not go together."""
    lacks_context = fill in registry.NEED_CONTEXT and not context and nearby is None
    if lacks_context or (context and fill not in TAKE_CONTEXT):
        raise OptionError(
            f"fill = {fill!r} with {len(context)} context frames",
            f"each of {', '.join(sorted(registry.NEED_CONTEXT))} needs some, {NETWORK} and {AUTO} may take it",
        )
    if context and fill == NETWORK and inpainter is not None and not DOMAINS[inpainter.info.domain].takes_context:
        raise OptionError(
            f"{inpainter.info.path.name}: this network takes no context", "leave it out, or use other weights"
        )
    if max_error is not None and not max_error > 0:
        raise OptionError(f"max_error = {max_error} must be greater than 0", "give it in units of the noise of a pixel")


def _records(observed: ObservedFrame, fill: str, policy: str) -> list[ZoneRecord]:
    records = decide(observed.missing_in_field, observed.field, observed.observed, policy)
    return [ZoneRecord(record.zone, "no fill asked for") for record in records] if fill == "none" else records
