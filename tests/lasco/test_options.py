"""Steps of the calibration that can be left out."""

from __future__ import annotations

import pytest

from corinpaint.lasco import options
from corinpaint.lasco.errors import OptionError


def test_by_default_every_step_is_applied_with_the_exact_map():
    assert options.parse([]) == options.Options()
    assert options.Options().departures == ()


@pytest.mark.parametrize("name", options.NAMES)
def test_every_name_changes_one_step_and_is_reported(name):
    assert options.parse([f" {name.upper()} "]).departures == (name,)


def test_names_combine():
    asked = options.parse(["no-warp", "no-roll"])
    assert (asked.warp, asked.roll, asked.vignetting) == (False, False, True)


def test_an_unknown_name_is_refused_with_the_choices():
    with pytest.raises(OptionError, match=r"'no-bias' is unknown.*no-warp"):
        options.parse(["no-bias"])
