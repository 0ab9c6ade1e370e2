"""What is to be tried for a zone of missing blocks: methods in their order, and how well each was measured to fill."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.photometry.detector import ObservedFrame
from corinpaint.restore import measured_errors
from corinpaint.restore.context import Context, covers
from corinpaint.restore.decision import ZoneRecord

NETWORK = "network"

AUTO = "auto"


@dataclass(frozen=True, eq=False)
class ZonePlan:
    """A zone and the methods that are tried for it.

    Attributes
    ----------
    record : ZoneRecord
        The zone and what becomes of it.
    methods : tuple of str
        To try, in this order.
    errors : mapping of str to float
        Median error over noise that was measured of each method on such zones.
    context_helps : bool
        Whether the network was measured to fill such zones no worse with context.
    total_factors : mapping of str to float
        Of each method: 1 sigma of the sum of a fill over the sum of its pixels' sigma; see
        `corinpaint.restore.measured_errors.total_factors`.
    limit : float or None
        The zone is refused where the network predicts a larger error of its fill, times the noise.
    """

    record: ZoneRecord
    methods: tuple[str, ...] = ()
    errors: Mapping[str, float] = field(default_factory=dict)
    context_helps: bool = True
    total_factors: Mapping[str, float] = field(default_factory=dict)
    limit: float | None = None

    @property
    def open(self) -> bool:
        """Whether the zone is neither refused nor filled."""
        return not (self.record.refused or self.record.method)

    def in_context(self, turn: int) -> bool:
        """Whether the method of a turn is given context frames."""
        return self.methods[turn] != NETWORK or self.context_helps

    def limited(self, max_error: float) -> ZonePlan:
        """Without the methods that were measured to have a larger error, or were not measured."""
        left = tuple(name for name in self.methods if self.errors.get(name, np.inf) <= max_error)
        record = self.record if left else self.record.refuse(self._too_large(max_error))
        return replace(self, record=record, methods=left)

    def _too_large(self, max_error: float) -> str:
        count = self.record.count
        what = f"filling {count} block{'s' if count > 1 else ''}"
        best = min(((self.errors[name], name) for name in self.methods if name in self.errors), default=None)
        if best is None:
            return f"the error of {what} by {', '.join(self.methods)} was not measured"
        return f"{what} by {best[1]} has an error of {best[0]:.2f} x noise, more than {max_error:g}"

    def filled_by(
        self, name: str, values: NDArray[np.float32], variance: NDArray[np.float32], context: tuple[str, ...] = ()
    ) -> ZonePlan:
        """With the method that filled the zone, its measured error, and the sum of the fill with its error.

        Parameters
        ----------
        name : str
            The method.
        values, variance : ndarray of float32, shape (P,)
            Brightness of the filled pixels, and its variance.
        context : tuple of str
            File numbers of the context frames that the method took from.
        """
        factor = self.total_factors.get(name)
        record = replace(
            self.record,
            method=name,
            error=self.errors.get(name),
            total=float(values.sum(dtype=np.float64)),
            total_error=None if factor is None else factor * float(np.sqrt(variance).sum(dtype=np.float64)),
            pixels=values.size,
            context=context,
        )
        return replace(self, record=record)

    def predicting(self, error: float) -> ZonePlan:
        """With the error that the network predicts for its fill, times the noise; refused where it is above `limit`."""
        record = replace(self.record, predicted=error)
        if self.limit is not None and error > self.limit:
            record = record.refuse(f"a predicted error of {error:.2f} x noise, more than {self.limit:g}")
        return replace(self, record=record)

    def out_of_reach(self, *, with_context: bool) -> ZonePlan:
        """Refused, since the last of its methods found no value for a part of it."""
        name = self.methods[-1]
        if name == NETWORK:
            return replace(self, record=self.record.refuse("out of the network's reach"))
        where = "in the context" if with_context else "around it"
        return replace(self, record=self.record.refuse(f"too little is observed {where} for {name}"))


def plan(
    observed: ObservedFrame, record: ZoneRecord, fill: str, context: tuple[Context, ...], weights: str
) -> ZonePlan:
    """The methods for a zone.

    Parameters
    ----------
    observed : ObservedFrame
    record : ZoneRecord
    fill : str
        A method by name, or 'auto': all that were measured on such zones, the best first.
    context : tuple of Context
    weights : str
        sha256 of the network's weights; the measured errors of the network hold for one set of weights alone.

    Returns
    -------
    ZonePlan
    """
    with_context = covers(observed, record.zone, context)
    frame, count = observed.frame, record.count
    methods = (fill,) if fill != AUTO else measured_errors.ranked(frame, count, with_context=with_context)
    errors = measured_errors.measured(frame, count, with_context=with_context)
    factors = measured_errors.total_factors(frame, count)
    if weights != measured_errors.weights():
        errors.pop(NETWORK, None)
        factors.pop(NETWORK, None)
    return ZonePlan(record, methods, errors, measured_errors.context_helps(frame, count), factors)
