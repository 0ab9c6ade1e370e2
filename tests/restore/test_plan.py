"""What is tried for a zone, and what is said when nothing is left."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.level05 import blocks
from corinpaint.restore.decision import ZoneRecord
from corinpaint.restore.plan import ZonePlan

VALUES = np.array([1.0, 2.0, 4.0], np.float32)
VARIANCE = np.array([0.25, 0.25, 1.0], np.float32)
"""Of three filled pixels."""


@pytest.fixture
def record() -> ZoneRecord:
    missing = np.zeros((32, 32), dtype=bool)
    missing[20, 20:22] = True
    return ZoneRecord(blocks.zones(missing)[0])


def test_a_zone_is_open_until_it_is_filled_or_refused(record):
    made = ZonePlan(record, ("radial",))
    assert made.open
    assert not made.filled_by("radial", VALUES, VARIANCE).open
    assert not made.out_of_reach(with_context=False).open


def test_methods_with_a_larger_measured_error_are_left_out(record):
    made = ZonePlan(record, ("radial", "harmonic", "fuzzy"), {"radial": 1.1, "harmonic": 1.4}).limited(1.2)
    assert made.methods == ("radial",)
    assert made.open


def test_a_zone_without_a_method_left_is_refused_with_the_best_error_there_is(record):
    made = ZonePlan(record, ("radial", "harmonic"), {"radial": 1.1, "harmonic": 1.4}).limited(1.0)
    assert made.record.refused == "filling 2 blocks by radial has an error of 1.10 x noise, more than 1"


def test_a_method_that_was_not_measured_is_refused_by_name(record):
    assert (
        ZonePlan(record, ("fuzzy",)).limited(1.0).record.refused
        == "the error of filling 2 blocks by fuzzy was not measured"
    )


def test_the_first_reason_to_refuse_stands(record):
    made = ZonePlan(record.refuse("touches the edge of the frame"), ("fuzzy",)).limited(1.0)
    assert made.record.refused == "touches the edge of the frame"


def test_the_record_of_a_filled_zone_quotes_the_error_of_its_method(record):
    made = ZonePlan(record, ("fuzzy", "radial"), {"radial": 1.1}).filled_by("radial", VALUES, VARIANCE)
    assert (made.record.method, made.record.error) == ("radial", 1.1)


@pytest.mark.parametrize(
    ("limit", "reason"), [(1.3, ""), (None, ""), (1.1, "a predicted error of 1.20 x noise, more than 1.1")]
)
def test_a_zone_is_refused_when_the_network_predicts_a_larger_error_than_the_limit(record, limit, reason):
    made = ZonePlan(record, ("network",), limit=limit).predicting(1.2)
    assert (made.record.refused, made.record.predicted, made.open) == (reason, 1.2, not reason)


@pytest.mark.parametrize(
    ("methods", "with_context", "reason"),
    [
        (("network",), False, "out of the network's reach"),
        (("network", "harmonic"), False, "too little is observed around it for harmonic"),
        (("temporal",), True, "too little is observed in the context for temporal"),
    ],
)
def test_a_zone_that_no_method_reaches_says_which_was_the_last(record, methods, with_context, reason):
    assert ZonePlan(record, methods).out_of_reach(with_context=with_context).record.refused == reason


def test_the_network_is_given_context_only_where_it_was_measured_to_help(record):
    assert not ZonePlan(record, ("network",), context_helps=False).in_context(0)
    assert ZonePlan(record, ("network",), context_helps=True).in_context(0)
    assert ZonePlan(record, ("temporal",), context_helps=False).in_context(0)


def test_the_error_of_a_sum_is_that_of_pixels_whose_errors_are_alike_times_the_measured_factor(record):
    made = ZonePlan(record, ("radial",), total_factors={"radial": 0.25}).filled_by("radial", VALUES, VARIANCE)
    assert (made.record.total, made.record.total_error, made.record.pixels) == (7.0, 0.25 * 2.0, 3)


def test_the_error_of_a_sum_that_was_not_measured_is_unknown(record):
    made = ZonePlan(record, ("fuzzy",), total_factors={"radial": 0.25}).filled_by("fuzzy", VALUES, VARIANCE)
    assert made.record.total == 7.0
    assert made.record.total_error is None
