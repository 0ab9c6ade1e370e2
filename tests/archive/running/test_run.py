"""Working through a plan, and going on with it."""

from __future__ import annotations

import functools
import operator
import subprocess
import sys
import threading
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from planned import FakeMaker, planned

from corinpaint.archive.job import Job
from corinpaint.archive.layout import Layout
from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.archive.planning import plan_file
from corinpaint.archive.planning.entries import Chunk
from corinpaint.archive.planning.plan_file import Plan, PlanError, Shard
from corinpaint.archive.planning.planner import make_plan
from corinpaint.archive.running import logs, run
from corinpaint.archive.running.run import Run, Wanted
from corinpaint.archive.running.state import MAX_INTERRUPTED, read_state
from corinpaint.archive.running.work import Session, run_chunk

ROOT = Path(__file__).resolve().parents[3]


def here(session: Session, chunks: Iterable[Chunk], stop: threading.Event) -> Iterator[Outcome]:
    """A scheduler that works in this process."""
    for chunk in chunks:
        if not stop.is_set():
            yield from run_chunk(session, chunk)


def worked(folder: Path, **wanted) -> list[Outcome]:
    (folder / "products").mkdir(exist_ok=True)
    with Plan(folder / "run") as plan:
        return list(Run(plan, Wanted(folder / "products", **wanted), FakeMaker).work(here, threading.Event()))


def numbers(outcomes: Iterable[Outcome]) -> list[int]:
    return [int(Path(outcome.frame).stem) - 22000000 for outcome in outcomes]


def interrupt(folder: Path, number: int, times: int) -> None:
    with Plan(folder / "run") as plan:
        (entry,) = plan.entries(number, number + 1)
    for part in range(times):
        with logs.Log(folder / "run", "earlier", str(part)) as log:
            log.begin(entry.key)


def test_a_plan_is_worked_through_once(tmp_path):
    planned(tmp_path, [""] * 10)
    assert numbers(worked(tmp_path)) == list(range(10))
    assert worked(tmp_path) == []


def test_products_that_no_log_names_are_recognised(tmp_path):
    planned(tmp_path, [""] * 3)
    (tmp_path / "products").mkdir()
    (tmp_path / "products" / "25000001.fits").write_text("made by a process that was killed before it wrote its log")
    assert [outcome.fate for outcome in worked(tmp_path)] == [Fate.MADE, Fate.THERE, Fate.MADE]
    assert worked(tmp_path) == []


def test_a_product_that_is_gone_is_made_again_unless_the_logs_are_trusted(tmp_path):
    planned(tmp_path, [""] * 3)
    worked(tmp_path)
    (tmp_path / "products" / "25000001.fits").unlink()
    assert worked(tmp_path, trust_logs=True) == []
    assert numbers(worked(tmp_path)) == [1]


def test_failed_frames_are_tried_again_only_when_that_is_asked_for(tmp_path):
    planned(tmp_path, ["", "fail", ""])
    assert [outcome.fate for outcome in worked(tmp_path)].count(Fate.FAILED) == 1
    assert worked(tmp_path) == []
    (tmp_path / "frames" / "22000001.fts").write_text("repaired")
    assert [outcome.fate for outcome in worked(tmp_path, retry_failed=True)] == [Fate.MADE]
    assert worked(tmp_path, retry_failed=True) == []


def test_shards_share_a_plan_without_overlap(tmp_path):
    planned(tmp_path, [""] * 22)
    parts = [numbers(worked(tmp_path, shard=Shard(index, 3))) for index in (1, 2, 3)]
    assert sorted(functools.reduce(operator.iadd, parts, [])) == list(range(22))
    assert parts[1] == [*range(4, 8), *range(16, 20)]


def test_a_frame_during_which_a_process_ended_comes_last_in_its_chunk(tmp_path):
    planned(tmp_path, [""] * 6)
    interrupt(tmp_path, 1, 1)
    assert numbers(worked(tmp_path)) == [0, 2, 3, 1, 4, 5]


def test_a_frame_during_which_processes_ended_again_and_again_is_set_aside(tmp_path):
    planned(tmp_path, [""] * 3)
    interrupt(tmp_path, 1, MAX_INTERRUPTED)
    outcomes = worked(tmp_path)
    assert [outcome.fate for outcome in outcomes] == [Fate.SET_ASIDE, Fate.MADE, Fate.MADE]
    assert numbers(outcomes) == [1, 0, 2]
    assert worked(tmp_path) == []
    assert numbers(worked(tmp_path, retry_failed=True)) == [1]


def test_what_remains_is_counted_and_named(tmp_path):
    planned(tmp_path, ["", "fail", ""])
    with Plan(tmp_path / "run") as plan:
        assert Run(plan, Wanted(tmp_path)).count() == 3
    worked(tmp_path)
    with Plan(tmp_path / "run") as plan:
        assert Run(plan, Wanted(tmp_path / "products")).count() == 0
        assert Run(plan, Wanted(tmp_path / "products", retry_failed=True)).count() == 1
        elsewhere = Run(plan, Wanted(tmp_path / "elsewhere"))
        assert [entry.product for entry in elsewhere.remaining()] == ["25000000.fits", "25000002.fits"]


def test_a_plan_made_with_other_weights_or_calibration_is_refused(tmp_path, monkeypatch):
    planned(tmp_path, [""])
    monkeypatch.setattr(run, "settings_digest", lambda _: "00" * 32)
    with pytest.raises(PlanError, match="not those of the plan"):
        worked(tmp_path)


def test_lists_of_a_layout_that_has_them_are_written_at_the_end(tmp_path, monkeypatch):
    written = []
    monkeypatch.setattr(run, "write_image_list", written.append)
    planned(tmp_path, [""] * 3)
    worked(tmp_path)
    assert written == []
    with Plan(tmp_path / "run") as plan:
        settings = plan_file.Settings(plan.settings.job, plan.settings.digest, layout="nrl")
        plan_file.write_plan(tmp_path / "run", settings, list(plan.entries()))
    (tmp_path / "products" / "25000001.fits").unlink()
    worked(tmp_path)
    assert written == [tmp_path / "products"]


def test_a_run_keeps_its_state_and_no_entries_in_memory(tmp_path):
    """A chunk is drawn when it is worked on, not before."""
    planned(tmp_path, [""] * 40)
    drawn = []

    def scheduler(_session, chunks, _stop):
        for chunk in chunks:
            drawn.append(chunk.number)
            yield Outcome(chunk.entries[0].frame, Fate.MADE)

    with Plan(tmp_path / "run") as plan:
        outcomes = Run(plan, Wanted(tmp_path), FakeMaker).work(scheduler, threading.Event())
        next(outcomes)
        assert drawn == [0]
        assert len(list(outcomes)) == 9
        assert read_state(plan).frames() == {"remaining": 40}


@pytest.mark.slow
@pytest.mark.parametrize(
    "options", [["--kills", "3"], ["--kills", "1", "--shards"], ["--kills", "1", "--scheduler", "dask"]], ids=" ".join
)
def test_a_run_that_is_killed_at_random_ends_as_one_that_is_not(options):
    """Byte for byte; the script says what it checks."""
    script = [sys.executable, str(ROOT / "benchmarks" / "archive_kills.py"), "--frames", "16", "--fill", "none"]
    done = subprocess.run([*script, *options], capture_output=True, text=True, timeout=500)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "16 products are the same, byte by byte; none was made twice" in done.stdout


@pytest.mark.slow
def test_another_mask_makes_its_frame_anew_and_no_other(make_frame, tmp_path):
    for name in ("frames", "masks"):
        (tmp_path / name).mkdir()
    for number in (1, 2):
        content = make_frame(missing=(), TIME_OBS=f"0{number}:00:00")
        (tmp_path / "frames" / f"3208200{number}.fts").write_bytes(content)
    job = Job(fill="harmonic", mask=tmp_path / "masks")

    def masked(number: int, column: int) -> None:
        mask = np.zeros((1024, 1024), np.uint8)
        mask[700, column : column + 9] = 1
        fits.PrimaryHDU(mask).writeto(tmp_path / "masks" / f"3208200{number}.fits", overwrite=True)

    def made() -> list[Fate]:
        with Plan(tmp_path / "run") as plan:
            outcomes = Run(plan, Wanted(tmp_path / "products")).work(here, threading.Event())
            return [outcome.fate for outcome in outcomes]

    masked(1, 600)
    make_plan([tmp_path / "frames"], tmp_path / "run", job, Layout(Path()))
    assert made() == [Fate.MADE, Fate.MADE]
    headers = [fits.getheader(tmp_path / "products" / f"3508200{number}.fits") for number in (1, 2)]
    assert [header.get("NUSER") for header in headers] == [9, None]
    masked(2, 640)
    with pytest.raises(PlanError, match="masks"):
        made()
    make_plan([tmp_path / "frames"], tmp_path / "run", job, Layout(Path()))
    assert made() == [Fate.THERE, Fate.REMADE]
    assert fits.getheader(tmp_path / "products" / "35082002.fits")["NUSER"] == 9
