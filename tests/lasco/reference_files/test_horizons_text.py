"""Tables of JPL Horizons: what they must say, and their rows."""

from __future__ import annotations

import numpy as np
import pytest
from official_tree import HORIZONS_HEADER, circle, horizons

from corinpaint.lasco.reference_files import horizons_text

ROWS = circle(2454832.5)


def test_the_rows_of_a_table_are_dates_and_places():
    text = horizons(ROWS)
    assert horizons_text.find_defect(text) is None
    assert np.allclose(horizons_text.read_rows(text), ROWS, rtol=1e-12)


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("SOHO (spacecraft) (-21)", "STEREO-A (spacecraft) (-234)", "target is not SOHO"),
        ("Sun (10)", "Earth (399)", "centre"),
        ("KM-S", "AU-D", "unit"),
        ("GEOMETRIC cartesian states", "AIRLESS apparent", "geometric"),
        ("ICRF", "Ecliptic of J2000.0", "axes"),
        ("            JDTDB,", "  Calendar", "TDB"),
    ],
)
def test_a_table_of_something_else_is_named(old, new, said):
    assert said in horizons_text.find_defect(horizons(ROWS, HORIZONS_HEADER.replace(old, new)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('No ephemeris for target "SOHO (spacecraft)" after A.D. 2026-NOV-01\n', "without a table (No ephemeris"),
        (horizons(ROWS).replace("$$EOE", ""), "damaged row"),
        (horizons(ROWS).replace("A.D. 2009-Jan-01 00:00:00.0000, ", ""), "damaged row"),
        (horizons(ROWS).replace(f"{ROWS[3][0]:.9f}", "now"), "damaged row"),
        (horizons(ROWS[:3]), "3 rows"),
        (horizons(circle(2454832.5, step=1.0)), "6 hours"),
        (horizons(ROWS[::-1]), "6 hours"),
        (horizons([(jd, x / 2, y / 2, z) for jd, x, y, z in ROWS]), "where SOHO is not"),
        (horizons([*ROWS[:5], (ROWS[5][0], float("nan"), 0.0, 0.0), *ROWS[6:]]), "not finite"),
    ],
)
def test_a_damaged_table_is_named(text, said):
    assert said in horizons_text.find_defect(text)
