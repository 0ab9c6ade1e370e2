"""What HISTORY says of a frame's fills; `corinpaint.lasco.notebook.history` reads it back."""

from __future__ import annotations

from collections.abc import Sequence

from corinpaint.restore.context import Context, of_other_kinds
from corinpaint.restore.decision import ZoneRecord
from corinpaint.restore.engines.base import ModelInfo
from corinpaint.restore.network.adapters import DESCRIPTIONS
from corinpaint.restore.plan import NETWORK


def history_lines(
    zones: Sequence[ZoneRecord], model: ModelInfo | None, unit: str, context: Sequence[Context] = ()
) -> list[str]:
    """Context of other kinds, the network that filled, and what became of each zone.

    Parameters
    ----------
    zones : sequence of ZoneRecord
    model : ModelInfo or None
        The network that was run.
    unit : str
        Of the sums, without px.
    context : sequence of Context
        That the fills could take from.

    Returns
    -------
    list of str
        A line each, of any length.
    """
    lines = of_other_kinds(context, [number for record in zones for number in record.context])
    if model is not None and any(record.method == NETWORK for record in zones):
        lines.append(
            f"Missing blocks filled by the partial-convolution network, weights {model.sha256[:12]}, {model.engine}, "
            f"{DESCRIPTIONS[model.domain]}; observed pixels untouched"
        )
    return [*lines, *(_line(record, unit) for record in zones)]


def _line(record: ZoneRecord, unit: str) -> str:
    fate = f"refused: {record.refused}" if record.refused else _filled(record, unit)
    return f"Zone {record.zone.number}, {record.count} missing blocks: {fate}"


def _filled(record: ZoneRecord, unit: str) -> str:
    parts = [f"filled by {record.method}"]
    if record.error is not None:
        parts.append(f"measured error {record.error:.2f} x noise")
    if record.predicted is not None:
        parts.append(f"predicted error {record.predicted:.2f} x noise")
    if record.context:
        parts.append(f"context {' '.join(record.context)}")
    if record.total is not None and record.total_error is not None:
        parts.append(f"{record.pixels} px on the detector sum to {record.total:.4g} +- {record.total_error:.2g} {unit}")
    return ", ".join(parts)
