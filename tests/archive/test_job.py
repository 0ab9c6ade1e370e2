"""Settings of a run."""

from __future__ import annotations

import pickle
from dataclasses import FrozenInstanceError
from pathlib import Path

import pytest

from corinpaint.archive.job import Job


def test_a_job_travels_between_processes_and_tells_jobs_apart():
    job = Job(fill="auto", departures=("no-warp",), calibration=Path("lasco"), context=(Path("a.fts"),))
    assert pickle.loads(pickle.dumps(job)) == job
    assert {job: 1}[pickle.loads(pickle.dumps(job))] == 1
    assert job != Job()


def test_a_job_does_not_change():
    with pytest.raises(FrozenInstanceError):
        Job().fill = "none"
