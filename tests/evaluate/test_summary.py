"""Tables of a benchmark."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.evaluate import summary


def _rows() -> list[dict[str, float | str]]:
    rows = []
    rng = np.random.default_rng(0)
    for frame in ("a", "b", "c", "d"):
        for hole in range(5):
            hard = rng.uniform(1, 3)
            for method, factor in (("network", 0.5), ("harmonic", 1.0)):
                figures = dict.fromkeys(summary.MEDIANS, 1.0)
                names = {"frame": frame, "telescope": "C3", "kind": "full", "size": "1", "hole": str(hole)}
                names["method"] = method
                rows.append({**names, **figures, "error": hard * factor, "error_90": 2 * hard * factor})
    return rows


def test_an_interval_holds_its_median_and_narrows_with_more_frames():
    rng = np.random.default_rng(0)
    values = rng.normal(1, 0.2, 400)
    few, many = (summary.bootstrap(values, [str(i % n) for i in range(400)], 300, 0) for n in (3, 200))
    for found in (few, many):
        assert found.low <= found.value == np.median(values) <= found.high
    assert many.high - many.low < 0.08


def test_holes_of_one_frame_belong_together():
    """Frames that differ widen the interval; drawing holes alone would not see it."""
    values = np.repeat([1.0, 2.0, 3.0, 4.0], 50)
    names = np.repeat(["a", "b", "c", "d"], 50).tolist()
    apart, together = (summary.bootstrap(values, frames, 300, 0) for frames in (list(map(str, range(200))), names))
    assert together.high - together.low > 1.5 * (apart.high - apart.low)


def test_what_is_not_finite_is_left_out():
    assert summary.bootstrap(np.array([np.nan, 2.0]), ["a", "b"], 10, 0).value == 2
    assert np.isnan(summary.bootstrap(np.array([np.nan]), ["a"], 10, 0).value)


def test_the_same_seed_gives_the_same_tables():
    assert summary.medians(_rows(), 50, 1) == summary.medians(_rows(), 50, 1)


def test_methods_are_compared_hole_by_hole():
    (line,) = summary.paired(_rows(), 50, 0)
    assert (line["method"], line["rival"], line["holes"], line["won"]) == ("network", "harmonic", "20", "1.00")
    assert line["error_ratio"] == "0.5 [0.5, 0.5]"
    medians = summary.medians(_rows(), 50, 0)
    ours, theirs = (float(line["error"].split()[0]) for line in medians)
    assert ours == pytest.approx(theirs / 2, rel=1e-2)


def test_a_table_has_a_line_per_telescope_size_and_method():
    lines = summary.medians(_rows(), 20, 0)
    text = summary.markdown(lines, ["size", "method", "holes"])
    assert text.splitlines() == [
        "| size | method | holes |",
        "|---|---|---|",
        "| 1 | network | 20 |",
        "| 1 | harmonic | 20 |",
    ]


def test_kinds_of_frames_have_lines_of_their_own():
    rows = [row | {"kind": "2x2"} if row["frame"] == "a" else row for row in _rows()]
    lines = summary.medians(rows, 20, 0)
    assert [(line["kind"], line["holes"]) for line in lines if line["method"] == "network"] == [
        ("2x2", "5"),
        ("full", "15"),
    ]
    assert {line["kind"] for line in summary.paired(rows, 20, 0)} == {"2x2", "full"}


def test_holes_that_one_method_does_not_fill_count_for_none_but_a_method_that_fills_none_does_not_count():
    rows = [row | {"rms": 1.0} for row in _rows()]
    for row in rows:
        if row["method"] == "harmonic" and row["frame"] != "a":
            row["rms"] = float("nan")
    nothing = [row | {"method": "nothing", "rms": float("nan")} for row in _rows() if row["method"] == "network"]
    kept = summary.filled_by_all(rows + nothing, "rms")
    assert {row["frame"] for row in kept} == {"a"}
    assert [sum(row["method"] == name for row in kept) for name in ("network", "harmonic", "nothing")] == [5, 5, 0]


def test_values_that_belong_together_are_drawn_together():
    pairs = np.array([[1.0, 2.0], [3.0, 4.0], [np.nan, 9.0]])
    found = summary.bootstrap(pairs, ["a", "b", "c"], 50, 0, lambda v: float(v[:, 0].sum() / v[:, 1].sum()))
    assert found.value == pytest.approx(4 / 6)
