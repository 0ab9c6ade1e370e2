"""Claims on products, which part the processes of several runs."""

from __future__ import annotations

import multiprocessing
import os
import signal

import pytest
from work import count_with_claims, hold

from corinpaint.archive import claims
from corinpaint.archive.claims import BusyError, claim
from corinpaint.lasco.errors import OutputError

CONTEXT = multiprocessing.get_context("spawn")


@pytest.fixture
def held_elsewhere(tmp_path):
    """A product that another process has claimed, that process, and the pipe by which it lets go."""
    ours, theirs = CONTEXT.Pipe()  # unlike an event, a pipe outlives a killed process
    product = tmp_path / "day" / "35000001.fits"
    process = CONTEXT.Process(target=hold, args=(product, theirs))
    process.start()
    assert ours.recv() == "held"
    yield product, process, ours
    ours.send("let go")
    process.join()


def test_a_claim_leaves_nothing_behind(tmp_path):
    product = tmp_path / "day" / "35000001.fits"
    with claim(product, wait=False):
        assert [path.name for path in product.parent.iterdir()] == [".corinpaint-35000001.fits.lock"]
    assert list(product.parent.iterdir()) == []


def test_a_product_that_another_process_makes_is_busy(held_elsewhere):
    product, _, _ = held_elsewhere
    with pytest.raises(BusyError, match=r"35000001\.fits: another process is making it"), claim(product, wait=False):
        pass
    with claim(product.with_name("35000002.fits"), wait=False):
        pass


def test_waiting_ends_when_the_other_process_is_done(held_elsewhere):
    product, process, pipe = held_elsewhere
    pipe.send("let go")
    with claim(product, wait=True):
        process.join()


def test_the_claim_of_a_killed_process_is_taken_over_and_what_it_wrote_aside_goes(held_elsewhere):
    product, process, _ = held_elsewhere
    os.kill(process.pid, signal.SIGKILL)
    process.join()
    for name in (".corinpaint-35000001.fits-x7", ".corinpaint-35000001.png-x8", ".corinpaint-35000002.fits-x9"):
        (product.parent / name).write_bytes(b"half")
    with claim(product, wait=False):
        pass
    assert [path.name for path in product.parent.iterdir()] == [".corinpaint-35000002.fits-x9"]


@pytest.mark.slow
def test_one_after_the_other_counts_right_under_contention(tmp_path):
    (tmp_path / "count").write_text("0")
    processes = [CONTEXT.Process(target=count_with_claims, args=(tmp_path, 50)) for _ in range(3)]
    for process in processes:
        process.start()
    for process in processes:
        process.join()
    assert (tmp_path / "count").read_text() == "150"


def test_a_folder_that_cannot_be_written_is_an_error_by_name(tmp_path):
    (tmp_path / "file").write_bytes(b"")
    with pytest.raises(OutputError, match="file"), claim(tmp_path / "file" / "product.fits", wait=False):
        pass


def test_where_there_are_no_locks_every_claim_is_granted(tmp_path, monkeypatch):
    monkeypatch.setattr(claims, "fcntl", None)
    with claim(tmp_path / "product.fits", wait=False), claim(tmp_path / "product.fits", wait=False):
        assert list(tmp_path.iterdir()) == []
