"""Plans of small made-up frames, and a maker that is told by a frame's content what to do."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Iterable
from hashlib import sha256
from pathlib import Path

from corinpaint.archive.claims import claim
from corinpaint.archive.job import Job
from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.archive.planning.digest import settings_digest
from corinpaint.archive.planning.entries import Entry
from corinpaint.archive.planning.plan_file import Settings, write_plan

JOB = Job(fill="none")


class FakeMaker:
    """Makes a product of a frame's text.

    Texts: 'fail' and 'full disk' fail, 'kill' ends the process, 'kill once' does when no file of the frame's name with
    .died is there, 'slow' takes a while.
    """

    def __init__(self, job: Job) -> None:
        self.job = job

    def make(self, frame: Path, target: Path, nearby: tuple[Path, ...] = (), *, wait: bool = True) -> Outcome:
        text = frame.read_text()
        if "fail" in text:
            return Outcome(str(frame), Fate.FAILED, code="bad_frame", what=f"{frame}: is bad", remedy="leave it")
        if "full disk" in text:
            return Outcome(str(frame), Fate.FAILED, code="output", what=f"{target}: cannot be written", remedy="")
        died = frame.with_suffix(".died")
        if "kill" in text and not ("once" in text and died.exists()):
            died.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        with claim(target, wait=wait):
            if target.exists():
                return Outcome(str(frame), Fate.THERE, str(target))
            time.sleep(0.2 if "slow" in text else 0)
            target.write_text(f"{text} {' '.join(path.name for path in nearby)}".strip())
        return Outcome(str(frame), Fate.MADE, str(target), missing=3, filled=2, refused=1, seconds=0.01)


def entry(folder: Path, number: int, text: str = "") -> Entry:
    """An entry whose frame is a small file; one a minute."""
    frame = folder / f"{22000000 + number}.fts"
    folder.mkdir(parents=True, exist_ok=True)
    frame.write_text(text or f"frame {number}")
    content = sha256(f"{number} {text}".encode()).hexdigest()
    key = sha256(content.encode()).hexdigest()
    date = f"2002-01-{1 + number // 1440:02}T{number // 60 % 24:02}:{number % 60:02}:00.000"
    status = frame.stat()
    product = f"{25000000 + number}.fits"
    return Entry(
        key, content, str(frame), product, date, "C2", "ORANGE", "CLEAR", 32, 32, status.st_size, status.st_mtime_ns
    )


def planned(folder: Path, texts: Iterable[str], chunk: int = 4, job: Job = JOB) -> Path:
    """A run folder with the plan of some frames."""
    entries = [entry(folder / "frames", number, text) for number, text in enumerate(texts)]
    run = folder / "run"
    run.mkdir(parents=True, exist_ok=True)
    write_plan(run, Settings(job, settings_digest(job), chunk, "test"), entries)
    return run
