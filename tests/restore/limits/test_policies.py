"""Policies of what is filled, and the limits of the error that hold by them."""

from __future__ import annotations

import pytest

from corinpaint.lasco.errors import OptionError
from corinpaint.restore.limits.policies import (
    AUTO,
    MAX_PREDICTED,
    PREDICTED,
    SOLARSOFT,
    check_policy,
    effective_policy,
    measured_limit,
    predicted_limit,
)


@pytest.mark.parametrize("fill", ["network", "auto", "harmonic", "none"])
def test_every_fill_follows_solarsofts_limits(fill):
    check_policy(SOLARSOFT, fill, "equalised")


@pytest.mark.parametrize(("fill", "domain"), [("network", None), ("network", "noise"), ("none", "sequence")])
def test_the_network_follows_its_own_prediction(fill, domain):
    check_policy(PREDICTED, fill, domain)


@pytest.mark.parametrize(
    ("policy", "fill", "domain", "what"),
    [
        ("generous", "network", None, "choose one of auto, solarsoft, predicted"),
        (PREDICTED, "harmonic", None, "fill by network"),
        (PREDICTED, "auto", None, "fill by network"),
        (PREDICTED, "network", "equalised", "use the shipped weights"),
    ],
)
def test_what_predicts_no_error_cannot_be_limited_by_it(policy, fill, domain, what):
    with pytest.raises(OptionError, match=what):
        check_policy(policy, fill, domain)


def test_the_predicted_error_is_limited_without_being_asked_for_only_by_its_own_policy():
    assert predicted_limit(PREDICTED, None) == MAX_PREDICTED
    assert predicted_limit(SOLARSOFT, None) is None
    assert predicted_limit(PREDICTED, 2.0) == predicted_limit(SOLARSOFT, 2.0) == 2.0


@pytest.mark.parametrize(
    ("policy", "fill", "context", "expected"),
    [
        (AUTO, "network", True, AUTO),
        (AUTO, "network", False, SOLARSOFT),
        (AUTO, "harmonic", True, SOLARSOFT),
        (AUTO, "auto", True, SOLARSOFT),
        (PREDICTED, "network", False, PREDICTED),
        (SOLARSOFT, "network", True, SOLARSOFT),
    ],
)
def test_auto_is_solarsofts_policy_but_for_the_network_with_context(policy, fill, context, expected):
    assert effective_policy(policy, fill, context=context) == expected


def test_the_measured_error_is_not_limited_by_the_policy_predicted():
    assert measured_limit(SOLARSOFT, 2.0) == measured_limit(AUTO, 2.0) == 2.0
    assert measured_limit(SOLARSOFT, None) is None
    assert measured_limit(PREDICTED, 2.0) is None
