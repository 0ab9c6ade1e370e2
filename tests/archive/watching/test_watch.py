"""Frames that are restored as they arrive."""

from __future__ import annotations

import os
import queue
import threading
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.archive.job import Job
from corinpaint.archive.layout import Layout
from corinpaint.archive.outcome import Fate
from corinpaint.archive.watching.watch import Watch

pytestmark = pytest.mark.slow  # a process is started

SECONDS = 100
"""After which a test gives up waiting."""


class Running:
    """A watch in a thread, and what it has told."""

    def __init__(self, folder, out, job, layout="subfolders", **options) -> None:
        self.stop, self.told = threading.Event(), queue.Queue()
        self.watch = Watch(folder, job, Layout(out, layout), self.stop, self.told.put, **options)
        self.thread = threading.Thread(target=self.watch.run)
        self.thread.start()

    def next(self):
        return self.told.get(timeout=SECONDS)

    def end(self) -> None:
        self.stop.set()
        self.thread.join(SECONDS)
        assert not self.thread.is_alive()


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


@pytest.fixture
def start(folder, tmp_path, quick):
    running = []

    def begin(job: Job = quick, **options):
        running.append(Running(folder, tmp_path / "out", job, **options))
        return running[-1]

    yield begin
    for one in running:
        one.end()


@pytest.fixture
def arrive(folder, make_frame):
    """Let a frame arrive, renamed into place."""

    def write(number: int, minute: int = 0, **cards: object):
        path = folder / f"{number}.fts"
        clock = f"{2 + minute // 60:02}:{minute % 60:02}:05.594"
        content = make_frame(**{"missing": ((20, 10),), **cards}, FILENAME=path.name, TIME_OBS=clock)
        path.with_name(f".{path.name}").write_bytes(content)
        os.replace(path.with_name(f".{path.name}"), path)
        return path

    return write


@pytest.mark.parametrize("options", [{}, {"poll": 0.1}])
def test_frames_are_restored_as_they_arrive_and_a_bad_one_does_not_end_the_watch(start, arrive, folder, options):
    arrive(32000001)
    watch = start(**options)
    outcome = watch.next()
    assert (outcome.fate, outcome.filled) == (Fate.MADE, 1)
    arrive(32000002, TELESCOP="STEREO", INSTRUME="LASCO", FILTER="", missing=())
    arrive(32000003, FILTER="")
    assert watch.next().fate is Fate.FAILED
    arrive(32000004)
    outcome = watch.next()
    assert outcome.fate is Fate.MADE
    assert outcome.frame == str(folder / "32000004.fts")


def test_a_file_that_changes_is_restored_anew(start, arrive, tmp_path):
    watch = start()
    arrive(32000001)
    assert watch.next().fate is Fate.MADE
    arrive(32000001, missing=((20, 10), (20, 14)))
    outcome = watch.next()
    assert outcome.fate is Fate.REMADE
    assert "L05HASH" in outcome.note
    assert fits.getheader(tmp_path / "out" / "35000001.fits")["NMISSING"] == 2


def test_frames_that_are_there_can_be_left_out_and_products_that_are_there_are_not_made_again(start, arrive):
    arrive(32000001)
    first = start()
    assert first.next().fate is Fate.MADE
    first.end()
    again = start()
    assert again.next().fate is Fate.THERE
    again.end()
    new_only = start(existing=False)
    arrive(32000002)
    assert new_only.next().frame.endswith("32000002.fts")


def test_later_frames_have_earlier_ones_made_anew_where_blocks_are_missing(start, arrive):
    watch = start(Job(fill="temporal", auto_context=True))
    arrive(32000001, 0, missing=())
    assert watch.next().fate is Fate.MADE
    arrive(32000002, 12)
    second = watch.next()
    assert (second.fate, second.filled) == (Fate.MADE, 1)
    assert fits.getheader(second.product)["CONTEXT"] == "32000001"
    arrive(32000003, 24, missing=())
    assert watch.next().frame.endswith("32000003.fts")
    anew = watch.next()
    assert (anew.fate, anew.frame, anew.note) == (Fate.REMADE, second.frame, "frames came that may help to fill it")
    assert set(fits.getheader(anew.product)["CONTEXT"].split()) == {"32000001", "32000003"}


def test_the_final_version_of_a_quick_look_is_named(start, arrive, tmp_path):
    watch = start()
    arrive(31000001)
    assert watch.next().fate is Fate.MADE
    arrive(32000001)
    assert "the final version of 31000001" in watch.next().note
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["31000001_level1.fits", "35000001.fits"]


def test_in_the_layout_of_the_archive_the_list_grows(start, arrive, tmp_path):
    watch = start(layout="nrl")
    for number in (32000001, 32000002):
        arrive(number, number % 10)
        assert watch.next().fate is Fate.MADE
    watch.end()
    listed = (tmp_path / "out" / "020108" / "c3" / "img_hdr.txt").read_text().splitlines()
    assert [line[:12] for line in listed] == ["35000001.fts", "35000002.fts"]


def test_frames_take_the_masks_of_their_numbers_as_they_arrive(start, arrive, quick, tmp_path):
    masks = tmp_path / "masks"
    masks.mkdir()

    def masked(number: int, column: int) -> None:
        mask = np.zeros((1024, 1024), np.uint8)
        mask[700, column : column + 9] = 1
        fits.PrimaryHDU(mask).writeto(masks / f"{number}.fits", overwrite=True)

    def pixels(number: int) -> int:
        return fits.getheader(tmp_path / "out" / f"{number + 3_000_000}.fits").get("NUSER", 0)

    masked(32000001, 600)
    job = replace(quick, mask=masks)
    watch = start(job)
    arrive(32000001)
    assert watch.next().fate is Fate.MADE
    masked(32000002, 640)
    for number in (32000002, 32000003):
        arrive(number)
        assert watch.next().fate is Fate.MADE
    assert [pixels(number) for number in (32000001, 32000002, 32000003)] == [9, 9, 0]
    watch.end()
    masked(32000001, 630)
    again = start(job)
    outcomes = [again.next() for _ in range(3)]
    assert [outcome.fate for outcome in outcomes] == [Fate.REMADE, Fate.THERE, Fate.THERE]
    assert "USERMASK" in outcomes[0].note
