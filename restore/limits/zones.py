"""The limits of a policy, applied to the zones of a frame: before its context is known, and when it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from corinpaint.lasco.photometry.detector import ObservedFrame
from corinpaint.restore.context import Context, covers
from corinpaint.restore.decision import ZoneRecord, solarsoft_objection
from corinpaint.restore.limits.by_size import scale_correction
from corinpaint.restore.limits.policies import AUTO, PREDICTED, measured_limit, predicted_limit
from corinpaint.restore.plan import ZonePlan


def beyond_what_was_measured(observed: ObservedFrame, record: ZoneRecord, weights: str) -> ZoneRecord:
    """By the policy 'auto': refuse a zone beyond SolarSoft's limits, if no context could help it.

    Parameters
    ----------
    observed : ObservedFrame
    record : ZoneRecord
    weights : str
        sha256 of the network's weights.

    Returns
    -------
    ZoneRecord
        Open where the intervals of fills of such zones with context were measured.
    """
    if scale_correction(observed.frame, record.zone, with_context=True, weights=weights) is not None:
        return record
    return record.refuse(solarsoft_objection(record.zone, observed.field, observed.observed))


def limited(
    observed: ObservedFrame, plan: ZonePlan, policy: str, max_error: float | None, context: Sequence[Context]
) -> ZonePlan:
    """Limit what is tried for a zone, or refuse it.

    Parameters
    ----------
    observed : ObservedFrame
    plan : ZonePlan
    policy : str
        See `corinpaint.restore.limits.policies.effective_policy`.
    max_error : float or None
        As it was asked for, times the noise of a pixel.
    context : sequence of Context
        All that there is for the frame.

    Returns
    -------
    ZonePlan
        By 'auto' a zone beyond SolarSoft's limits stays open where the context shows all of it.
    """
    zone = plan.record.zone
    if policy == AUTO and (objection := solarsoft_objection(zone, observed.field, observed.observed)):
        if not covers(observed, zone, context):
            return replace(plan, record=plan.record.refuse(objection))
        policy = PREDICTED
    measured = measured_limit(policy, max_error)
    plan = plan if measured is None else plan.limited(measured)
    return replace(plan, limit=predicted_limit(policy, max_error))
