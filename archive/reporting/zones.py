"""The zones of a product: where each lies in the image, and how far its fill is expected to be off."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.level05.blocks import BLOCK_SIZE
from corinpaint.lasco.level1.product import Flag, Level1File, flagged
from corinpaint.lasco.notebook.history import ZoneHistory
from corinpaint.lasco.notebook.zones import zones_in


@dataclass(frozen=True)
class ZoneRow:
    """A zone in a report.

    Attributes
    ----------
    history : ZoneHistory
        What HISTORY says of it, with the digits of the JSON report where there is one.
    place : tuple of float, or None
        Column and row of its middle in the product, px from 0; None where that is unknown.
    predicted : float or None
        Median of NOISE over its filled pixels, 1 sigma, in the unit of the product.
    ratio : float or None
        The same over the median of NOISE in the observed pixels around it.
    """

    history: ZoneHistory
    place: tuple[float, float] | None = None
    predicted: float | None = None
    ratio: float | None = None


def rows(product: Level1File, report: Mapping[str, Any]) -> tuple[ZoneRow, ...]:
    """The zones of a product.

    Parameters
    ----------
    product : Level1File
    report : mapping
        Its JSON report; empty where there is none.

    Returns
    -------
    tuple of ZoneRow
        In the order of their numbers.
    """
    told = [_with_digits(zone, report) for zone in product.zones]
    mask, noise = product.mask, product.noise
    if mask is None or noise is None:
        return tuple(ZoneRow(zone) for zone in told)
    places = {zone.number: zone.where for zone in zones_in(mask, product.header)}
    return tuple(
        _row(zone, places[zone.number], mask, noise) if zone.number in places else ZoneRow(zone) for zone in told
    )


def _row(zone: ZoneHistory, where: NDArray[np.bool_], mask: NDArray[np.uint8], noise: NDArray[np.float32]) -> ZoneRow:
    row, column = np.nonzero(where)
    found = ZoneRow(zone, (float(column.mean()), float(row.mean())))
    filled = where & flagged(mask, Flag.FILLED) & np.isfinite(noise)
    if zone.refused or not filled.any():
        return found
    predicted = float(np.median(noise[filled]))
    box = tuple(slice(max(int(i.min()) - BLOCK_SIZE, 0), int(i.max()) + BLOCK_SIZE + 1) for i in (row, column))
    around = noise[box][(mask[box] == 0) & np.isfinite(noise[box])]
    usual = float(np.median(around)) if around.size else 0.0
    return replace(found, predicted=predicted, ratio=predicted / usual if usual > 0 else None)


def _with_digits(zone: ZoneHistory, report: Mapping[str, Any]) -> ZoneHistory:
    """The zone with what the JSON report has unrounded."""
    given: Sequence[Any] = report.get("zones", ())
    found = next((one for one in given if isinstance(one, dict) and one.get("zone") == zone.number), None)
    if found is None:
        return zone
    return replace(
        zone,
        error=_number(found.get("measured_error"), zone.error),
        predicted=_number(found.get("predicted_error"), zone.predicted),
        total=_number(found.get("sum"), zone.total),
        total_error=_number(found.get("sum_error"), zone.total_error),
    )


def _number(given: object, otherwise: float | None) -> float | None:
    return float(given) if isinstance(given, int | float) else otherwise
