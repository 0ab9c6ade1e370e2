"""The error of the sum of a fill, from a benchmark's holes."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.evaluate.totals import coverage, interval_lines, total_factors


def _rows(scatter, method="radial", size="1", count=4000, seed=0):
    ratios = np.random.default_rng(seed).normal(0, scatter, count)
    return [{"size": size, "method": method, "total_ratio": ratio} for ratio in ratios]


def test_the_factor_is_the_scatter_of_the_sums_in_units_of_their_pixels_sigma():
    factors = total_factors(_rows(0.2) + _rows(0.5, "fuzzy") + _rows(0.1, size="2x2"))
    assert factors["1"]["radial"] == pytest.approx(0.2, rel=0.05)
    assert factors["1"]["fuzzy"] == pytest.approx(0.5, rel=0.05)
    assert factors["2x2"]["radial"] == pytest.approx(0.1, rel=0.05)


def test_independent_errors_have_a_factor_of_one_over_the_root_of_their_number():
    rng = np.random.default_rng(0)
    rows = [{"size": "1", "method": "a", "total_ratio": rng.normal(size=1024).sum() / 1024} for _ in range(3000)]
    assert total_factors(rows)["1"]["a"] == pytest.approx(1 / 32, rel=0.06)


def test_nine_of_ten_other_sums_lie_in_their_interval_and_less_where_the_factor_is_too_small():
    factors = total_factors(_rows(0.2))
    assert coverage(_rows(0.2, seed=1), factors)["1"]["radial"] == pytest.approx(0.9, abs=0.03)
    assert coverage(_rows(0.4, seed=1), factors)["1"]["radial"] < 0.65


def test_holes_without_a_fill_are_left_out():
    rows = [*_rows(0.2, count=10), {"size": "1", "method": "temporal", "total_ratio": float("nan")}]
    assert set(total_factors(rows)["1"]) == {"radial"}
    assert coverage(rows, {"1": {"temporal": 0.2}}) == {"1": {}}


def _holes(shares, counts, ratios, percents):
    first = {"telescope": "C2", "kind": "full", "size": "1", "method": "a"}
    columns = zip(shares, counts, ratios, percents, strict=True)
    return [
        {
            **first,
            "frame": str(number),
            "coverage": share,
            "pixels": count,
            "total_ratio": ratio,
            "bias_percent": percent,
        }
        for number, (share, count, ratio, percent) in enumerate(columns)
    ]


def test_intervals_are_pooled_over_the_pixels_of_holes_and_their_worst_hole_is_shown():
    (line,) = interval_lines(_holes([1.0, 0.5], [300, 100], [0.1, -0.3], [1.0, -3.0]), 20, 0)
    assert float(line["inside"].split()[0]) == pytest.approx(0.875)
    assert float(line["inside_worst"]) == pytest.approx(0.55)
    assert line["holes"] == "2"


def test_sums_are_off_by_the_size_of_their_error_whatever_its_sign():
    (line,) = interval_lines(_holes([1.0] * 3, [10] * 3, [0.3, -0.3, 0.3], [2.0, -2.0, 2.0]), 20, 0)
    assert line["sum_percent"].startswith("2 ")
    assert float(line["sum_factor"]) == pytest.approx(0.3 / 1.6449, rel=1e-2)


def test_holes_without_a_fill_are_left_out_of_intervals():
    assert interval_lines(_holes([float("nan")], [10], [float("nan")], [float("nan")]), 20, 0) == []
