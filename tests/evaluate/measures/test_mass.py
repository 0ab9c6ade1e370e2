"""Mass in base differences."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from corinpaint.evaluate.measures import mass
from corinpaint.evaluate.measures.sequences import FilledFrame
from corinpaint.lasco.electrons import mass as electrons
from corinpaint.lasco.level1.calibrate import make_product
from corinpaint.lasco.level1.product import Flag, flagged

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def rows(holed_sequence):
    """The truth, the base in the place of the later frame, and half of what came in between."""
    before, now = (one.complete.brightness for one in holed_sequence)
    fills = {"truth": now, "base": before, "half": (before + now) / 2}
    return mass.measure([FilledFrame(one, fills) for one in holed_sequence])


def _recovered(rows, method):
    return [row["mass_fill"] / row["mass_truth"] for row in rows if row["method"] == method]


def test_the_truth_recovers_all_mass_and_the_base_none(rows):
    assert len(rows) == 3 * 2
    assert {row["base"] for row in rows} == {"32000000"}
    assert all(row["mass_truth"] > 0 for row in rows)
    assert _recovered(rows, "truth") == pytest.approx([1, 1])
    assert _recovered(rows, "half") == pytest.approx([0.5, 0.5], abs=0.03)
    assert _recovered(rows, "base") == pytest.approx([0, 0], abs=0.06)  # of pixels beside the hole


def test_masses_are_those_that_the_products_have_in_the_filled_regions(rows, holed_sequence):
    first, now = holed_sequence
    filled = make_product(replace(now.holed, brightness=now.complete.brightness), filled=now.holes[1])
    region = flagged(filled.mask, Flag.FILLED)
    whole = electrons.mass(make_product(now.complete), make_product(first.complete), region)
    (row,) = (row for row in rows if (row["method"], row["hole"]) == ("truth", "1-1"))
    assert row["mass_truth"] == pytest.approx(whole.grams, rel=0.1)


def test_one_frame_has_no_base(holed_sequence):
    one = holed_sequence[0]
    assert mass.measure([FilledFrame(one, {"truth": one.complete.brightness})]) == []


def test_the_table_has_sums_over_holes_that_gained_and_errors_of_all():
    names = {"telescope": "C2", "kind": "full", "size": "1", "method": "a", "frame": "x"}
    pairs = [(4.0, 3.0), (2.0, 2.0), (-1.0, 1.0)]
    made = [{**names, "hole": f"1-{n}", "mass_truth": t, "mass_fill": f} for n, (t, f) in enumerate(pairs)]
    (line,) = mass.lines(made)
    assert float(line["recovered"]) == pytest.approx(5 / 6, abs=1e-3)
    assert float(line["mass_error"]) == pytest.approx(np.sqrt((1 + 0 + 4) / (16 + 4 + 1)), abs=1e-3)
    assert float(line["mass_truth"]) == pytest.approx(5 / 3, rel=1e-2)
