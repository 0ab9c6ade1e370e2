"""The table of ratios to the network without context."""

from __future__ import annotations

import pytest

from corinpaint.evaluate.relative import relative

NAMES = {"telescope": "C2", "kind": "full", "size": "1"}


def _rows(**methods):
    """Rms errors of holes by method, three holes of two frames; the floor is half of the network's error."""
    rows = []
    for name, errors in methods.items():
        for number, error in enumerate(errors):
            labels = {"frame": "ab"[number % 2], "hole": f"1-{number}", "method": name.replace("_", "+")}
            rows.append({**NAMES, **labels, "rms": error, "floor": [1.0, 2.0, 4.0][number]})
    return rows


def _value(text):
    return float(text.split()[0])


def test_errors_are_divided_by_those_of_the_network_hole_by_hole_in_the_geometric_mean():
    (line,) = relative(_rows(temporal=[1.0, 8.0, 4.0], network=[2.0, 4.0, 8.0]), 20, 0)
    assert line["network"] == "1"
    assert _value(line["temporal"]) == pytest.approx((0.5 * 2 * 0.5) ** (1 / 3), rel=1e-2)
    assert _value(line["floor"]) == pytest.approx(0.5)
    assert line["holes"] == "3"


def test_only_holes_that_all_methods_fill_are_counted():
    nan = float("nan")
    (line,) = relative(_rows(network=[2.0, 4.0, 8.0], temporal=[1.0, nan, 4.0], harmonic=[2.0, 400.0, 8.0]), 20, 0)
    assert line["holes"] == "2"
    assert (_value(line["temporal"]), _value(line["harmonic"])) == (0.5, 1)


def test_a_method_that_fills_nothing_leaves_the_others_their_holes():
    (line,) = relative(_rows(network=[2.0, 4.0], temporal=[1.0, 2.0], nothing=[float("nan")] * 2), 20, 0)
    assert (line["holes"], line["nothing"].split()[0]) == ("2", "nan")
    assert _value(line["temporal"]) == 0.5


def test_without_the_network_the_first_method_is_the_reference():
    (line,) = relative(_rows(radial=[2.0, 2.0], fuzzy=[4.0, 4.0]), 20, 0)
    assert (line["radial"], _value(line["fuzzy"])) == ("1", 2)
