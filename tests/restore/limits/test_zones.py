"""Limits of the policies, applied to zones."""

from __future__ import annotations

import pytest

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore.context import align
from corinpaint.restore.decision import ZoneRecord
from corinpaint.restore.limits import zones
from corinpaint.restore.limits.policies import AUTO, MAX_PREDICTED, PREDICTED, SOLARSOFT
from corinpaint.restore.plan import ZonePlan

LARGE = tuple((row, column) for row in range(19, 24) for column in range(19, 24))
TOO_MANY = "25 missing blocks, more than 16"


@pytest.fixture
def observed(make_frame):
    return calibrate_on_detector(read_frame(make_frame(missing=(*LARGE, (8, 12)))), load_calibration_set())


@pytest.fixture
def plans(observed):
    """Of the single block and of the large zone, by the network, whose error on single blocks was measured."""
    single, large = blocks.zones(observed.missing_in_field)
    return ZonePlan(ZoneRecord(single), ("network",), {"network": 1.1}), ZonePlan(ZoneRecord(large), ("network",))


def test_auto_limits_the_predicted_error_of_a_zone_that_only_context_lets_be_filled(observed, plans, make_frame):
    context = align(observed, [read_frame(make_frame(TIME_OBS="02:06:05.594"))])
    single, large = (zones.limited(observed, plan, AUTO, None, context) for plan in plans)
    assert (single.open, single.limit) == (True, None)
    assert (large.open, large.limit) == (True, MAX_PREDICTED)
    assert zones.limited(observed, plans[1], AUTO, 1.2, context).limit == 1.2


@pytest.mark.parametrize("other", [(), ((20, 20),)])
def test_auto_keeps_solarsofts_limits_where_context_does_not_show_the_zone(observed, plans, make_frame, other):
    context = align(observed, [read_frame(make_frame(TIME_OBS="02:06:05.594", missing=other))]) if other else ()
    assert zones.limited(observed, plans[1], AUTO, None, context).record.refused == TOO_MANY
    assert zones.limited(observed, plans[0], AUTO, None, context).open


def test_the_measured_error_counts_for_zones_within_solarsofts_limits(observed, plans):
    assert not zones.limited(observed, plans[0], AUTO, 1.0, ()).open
    assert not zones.limited(observed, plans[0], SOLARSOFT, 1.0, ()).open
    assert zones.limited(observed, plans[0], PREDICTED, 1.0, ()).open


def test_a_large_zone_is_refused_beforehand_where_nothing_was_measured(observed, plans, monkeypatch):
    record = plans[1].record
    monkeypatch.setattr(zones, "scale_correction", lambda *_, **__: None)
    assert zones.beyond_what_was_measured(observed, record, "0" * 64).refused == TOO_MANY
    monkeypatch.setattr(zones, "scale_correction", lambda *_, with_context, **__: 0.8 if with_context else None)
    assert zones.beyond_what_was_measured(observed, record, "0" * 64).refused == ""
