"""The frames that a user named: each has its product, and none replaces another's."""

from __future__ import annotations

import threading

import pytest

from corinpaint.archive.inputs import Inputs, default_processes
from corinpaint.archive.layout import Layout
from corinpaint.archive.outcome import Fate
from corinpaint.lasco.errors import NoFrameError
from corinpaint.lasco.inputs.files import InputFile


def items_of(*paths):
    return [InputFile(path) for path in paths]


def test_inputs_without_a_frame_are_failures_among_the_others(write_frames, tmp_path, quick):
    items = [NoFrameError("in: has no frame", "give another"), *items_of(*write_frames(1))]
    outcomes = list(Inputs(items, Layout(tmp_path / "out")).run(quick, 1, threading.Event()))
    assert sorted(outcome.fate for outcome in outcomes) == [Fate.FAILED, Fate.MADE]


def test_a_frame_without_a_place_in_the_layout_is_a_failure(tmp_path, quick, write_frames):
    (tmp_path / "bad.fts").write_text("<html>")
    items = items_of(tmp_path / "bad.fts", *write_frames(1))
    outcomes = list(Inputs(items, Layout(tmp_path / "out", "date")).run(quick, 1, threading.Event()))
    assert sorted(outcome.fate for outcome in outcomes) == [Fate.FAILED, Fate.MADE]
    assert [path.name for path in (tmp_path / "out" / "2002" / "01" / "08" / "c3").iterdir()] == ["35082001.fits"]


@pytest.mark.slow
def test_progress_is_told_after_each_frame_also_after_one_that_failed(write_frames, tmp_path, quick):
    items, told = [NoFrameError("in: has no frame", "give another"), *items_of(*write_frames(2))], []
    run = Inputs(items, Layout(tmp_path / "out")).run(
        quick, progress=lambda done, outcome: told.append((done, outcome))
    )
    outcomes = list(run)
    assert told == list(enumerate(outcomes, start=1))
    assert len(outcomes) == 3


def test_of_two_frames_with_one_product_the_first_has_it(write_frames, tmp_path, quick):
    (one,), (other,) = write_frames(1, "a"), write_frames(1, "b", EXPTIME=17.0)
    outcomes = list(Inputs(items_of(one, other), Layout(tmp_path, "flat")).run(quick, 1, threading.Event()))
    assert [outcome.fate for outcome in outcomes] == [Fate.MADE, Fate.FAILED]
    assert outcomes[1].what == f"{other}: would replace {tmp_path / '35082001.fits'}, made from {one}"


def test_when_the_first_fails_the_other_has_it(write_frames, tmp_path, quick):
    (one,), (other,) = write_frames(1, "a"), write_frames(1, "b")
    one.write_text("no FITS")
    outcomes = list(Inputs(items_of(one, other), Layout(tmp_path, "flat")).run(quick, 1, threading.Event()))
    assert [(outcome.frame, outcome.fate) for outcome in outcomes] == [
        (str(one), Fate.FAILED), (str(other), Fate.MADE),
    ]  # fmt: skip


def test_what_would_be_done_is_told_without_doing_it(write_frames, tmp_path, quick):
    (one,), (other,) = write_frames(1, "a"), write_frames(1, "b")
    outcomes = list(Inputs(items_of(one, other), Layout(tmp_path / "out", "flat")).intended(quick))
    assert [outcome.fate for outcome in outcomes] == [Fate.MADE, Fate.FAILED]
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
@pytest.mark.parametrize("layout", ["nrl", "date"])
def test_only_the_layout_of_the_archive_has_lists(write_frames, tmp_path, quick, layout):
    list(Inputs(items_of(*write_frames(2)), Layout(tmp_path / "out", layout)).run(quick, 1, threading.Event()))
    lists = list((tmp_path / "out").rglob("img_hdr.txt"))
    assert len(lists) == (layout == "nrl")
    for found in lists:
        assert [line[:12] for line in found.read_text().splitlines()] == ["35082001.fts", "35082002.fts"]


def test_some_processes_are_always_allowed(monkeypatch):
    assert default_processes() >= 1
    monkeypatch.setattr("os.sysconf", lambda _: 1)  # one byte of memory
    assert default_processes() == 1
