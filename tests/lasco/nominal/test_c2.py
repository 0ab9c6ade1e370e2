"""The nominal set of C2: its fit on a made-up sky, its files, and what it makes of real frames."""

from __future__ import annotations

import json

import numpy as np
import pytest

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.nominal import c2
from corinpaint.lasco.photometry import optics

C2 = {"DETECTOR": "C2", "FILTER": "Orange", "EXPTIME": 25.1, "OFFSET": 620.0, "CRPIX1": 511.2, "CRPIX2": 507.5}
DEPTH = 0.4


@pytest.mark.parametrize("damage", ["missing", "cut", "shorter", "dark", "list", "mask"])
def test_a_damaged_set_is_an_error(tmp_path, damage):
    for name in c2.FILES:
        (tmp_path / name).write_bytes((optics.NOMINAL_DIRECTORY / name).read_bytes())
    path, mask = (tmp_path / name for name in c2.FILES)
    table = json.loads(path.read_text())
    dark = {**table, "transmission": [0.0] * len(table["radius"])}
    shorter = {**table, "radius": table["radius"][:-1]}
    contents = {"cut": path.read_text()[:40], "shorter": json.dumps(shorter), "dark": json.dumps(dark), "list": "[]"}
    if damage == "missing":
        path.unlink()
    elif damage == "mask":
        mask.write_bytes(mask.read_bytes()[:2880])
    else:
        path.write_text(contents[damage])
    with pytest.raises(CalibrationError, match="nominal C2 set is damaged"):
        c2.read(tmp_path)


def test_the_shipped_set_is_small():
    assert sum((optics.NOMINAL_DIRECTORY / name).stat().st_size for name in c2.FILES) < 50_000


def test_the_shipped_field_of_view_excludes_only_occulter_and_corners():
    vignetting, field = c2.read(optics.NOMINAL_DIRECTORY)
    assert not field[505, 512]
    assert not field[[2, 2, -3, -3], [2, -3, 2, -3]].any()
    assert field[505, 20:320].all()
    assert field[505, 710:1020].all()
    assert field.mean() == pytest.approx(0.87, abs=0.02)
    assert (vignetting >= 1).all()
    assert np.isfinite(vignetting).all()


def test_the_error_is_smallest_where_c3_overlaps_and_largest_at_the_occulter():
    inside, overlap, corner = c2.relative_error(np.array([2.2, 6.0, 8.5]))
    assert inside > 2 * corner > 2 * overlap > 0
