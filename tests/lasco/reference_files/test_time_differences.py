"""TIME_DIFF.DAT: binary records of two times, in two byte orders."""

from __future__ import annotations

import struct

import numpy as np
import pytest
from official_tree import time_differences

from corinpaint.lasco.reference_files import time_differences as module

RECORDS = [(52282, 9_717_042, 8.538), (52282, 74_520_000, 49.07), (54890, 363_474, 30.094), (55540, 0, 120.02)]


@pytest.mark.parametrize("orders", [">>><", "<<<<", ">>>>", "<><>"])
def test_records_of_either_byte_order_are_read(tmp_path, orders):
    path = tmp_path / "TIME_DIFF.DAT"
    path.write_bytes(time_differences(RECORDS, orders))
    table = module.read(path)
    assert np.allclose(table.offsets, [offset for *_, offset in RECORDS], atol=6e-4)
    assert np.allclose(table.mjd, [day + milliseconds / 86.4e6 for day, milliseconds, _ in RECORDS], atol=1e-9)
    assert module.find_defect(path) is None


def test_records_come_in_order_of_time(tmp_path):
    path = tmp_path / "TIME_DIFF.DAT"
    path.write_bytes(time_differences(RECORDS[::-1]))
    assert (np.diff(module.read(path).mjd) > 0).all()


def test_an_offset_may_cross_midnight(tmp_path):
    path = tmp_path / "TIME_DIFF.DAT"
    path.write_bytes(time_differences([(52282, 86_390_000, 30.0), (52283, 5_000, -10.0)]))
    assert module.read(path).offsets.tolist() == [30.0, -10.0]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"\0" * 8, "too short"),
        (time_differences(RECORDS)[:40], "announces 4 records"),
        (struct.pack("<4i", 4, 0, 0, 0) + struct.pack("<16i", *range(16)), "4 of 4 records hold no times"),
        (b"32082037.fts 1.0 377.7 0 8285.6\n" * 9, "announces"),
    ],
    ids=["short", "cut", "no times", "text"],
)
def test_other_files_are_named(tmp_path, content, said):
    path = tmp_path / "TIME_DIFF.DAT"
    path.write_bytes(content)
    assert said in module.find_defect(path)
    with pytest.raises(ValueError, match=said):
        module.read(path)
