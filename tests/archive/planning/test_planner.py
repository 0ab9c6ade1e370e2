"""Making a plan."""

from __future__ import annotations

import gzip

import numpy as np
import pytest

from corinpaint.archive.job import Job
from corinpaint.archive.layout import Layout
from corinpaint.archive.planning.plan_file import Plan
from corinpaint.archive.planning.planner import Planned, make_plan

JOB = Job(fill="none")


@pytest.fixture
def add(make_frame, tmp_path):
    """Writer of small frames: `add('a/22000001.fts', value, TIME_OBS='01:00:00')`."""

    def write(name, value=400, **cards):
        path = tmp_path / "frames" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        content = make_frame(np.full((32, 32), value, np.int16), DETECTOR="C2", **cards)
        path.write_bytes(gzip.compress(content) if path.suffix == ".gz" else content)
        return path

    return write


def plan(folder, layout="subfolders", job=JOB) -> tuple[Planned, list]:
    planned = make_plan([folder / "frames"], folder / "run", job, Layout(folder, layout))
    with Plan(folder / "run") as made:
        return planned, list(made.entries())


def test_a_plan_has_every_frame_in_time_order_with_its_product(add, tmp_path):
    later, earlier = add("a/22000001.fts", TIME_OBS="02:00:00"), add("b/22000002.fts", TIME_OBS="01:00:00")
    planned, entries = plan(tmp_path)
    assert planned.entries == 2
    assert [(entry.frame, entry.product) for entry in entries] == [
        (str(earlier), "b/25000002.fits"),
        (str(later), "a/25000001.fits"),
    ]


@pytest.mark.parametrize(
    ("layout", "product"),
    [("flat", "25000001.fits"), ("date", "2002/01/08/c2/25000001.fits"), ("nrl", "020108/c2/25000001.fts.gz")],
)
def test_products_are_placed_as_restore_places_them(add, tmp_path, layout, product):
    add("a/22000001.fts")
    _, (entry,) = plan(tmp_path, layout)
    assert entry.product == product


def test_copies_are_in_a_plan_once_and_named(add, tmp_path):
    first, second = add("a/22000001.fts"), add("b/22000001.fts.gz")
    planned, entries = plan(tmp_path)
    assert planned.copies == [(str(second), str(first))]
    assert [entry.frame for entry in entries] == [str(first)]


def test_the_same_frame_in_another_kind_of_file_is_a_copy(add, tmp_path):
    first, second = add("a/22000001.fts"), add("b/22000001.fts", DATE="2003/01/01")
    planned, entries = plan(tmp_path)
    assert planned.copies == [(str(second), str(first))]
    assert len(entries) == 1


def test_frames_that_would_have_one_product_are_named(add, tmp_path):
    first, second = add("a/22000001.fts", 400), add("b/22000001.fts", 500)
    planned, entries = plan(tmp_path, "flat")
    assert planned.rivals == [(str(second), "25000001.fits", str(first))]
    assert len(entries) == 1
    assert len(plan(tmp_path)[1]) == 2


def test_keys_stay_unless_the_frame_or_the_settings_change(add, tmp_path):
    add("a/22000001.fts")
    keys = [plan(tmp_path, job=job)[1][0].key for job in (JOB, Job(fill="radial"), JOB)]
    add("a/22000001.fts", 500)
    keys.append(plan(tmp_path)[1][0].key)
    assert keys[0] == keys[2]
    assert len(set(keys)) == 3


def test_unreadable_files_and_other_kinds_are_counted_and_named(add, tmp_path):
    add("a/22000001.fts")
    add("a/25000001.fts", LEVEL="1.0", CREATOR="CorInpaint 1")
    (tmp_path / "frames" / "22000009.fts").write_bytes(b"")
    planned, entries = plan(tmp_path)
    assert len(entries) == 1
    assert len(planned.unreadable) == 1
    assert "22000009.fts" in planned.unreadable[0]
    assert list(planned.passed_over.values()) == [1, 1]
    assert [path.name for paths in planned.named.values() for path in paths] == ["25000001.fts"]
