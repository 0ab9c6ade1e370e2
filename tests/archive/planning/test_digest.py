"""What the key of an entry depends on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.archive.job import Job
from corinpaint.archive.planning import digest
from corinpaint.archive.planning.digest import job_from_json, job_to_json, key_of, settings_digest

JOB = Job(fill="none")


@pytest.mark.parametrize(
    "change",
    [
        {"departures": ("no-warp",)},
        {"fill": "radial"},
        {"verb": "calibrate"},
        {"policy": "predicted"},
        {"max_error": 1.5},
        {"compress": "rice"},
    ],
    ids=lambda change: next(iter(change)),
)
def test_settings_that_change_products_change_the_digest(change):
    assert settings_digest(replace(JOB, **change)) != settings_digest(JOB)


@pytest.mark.parametrize(
    "change",
    [{"threads": 3}, {"png": True}, {"json": True}, {"stale": "fail"}, {"overwrite": True}],
    ids=lambda change: next(iter(change)),
)
def test_settings_that_do_not_change_products_leave_the_digest(change):
    assert settings_digest(replace(JOB, **change)) == settings_digest(JOB)


def test_calibration_files_count_by_their_content_wherever_they_lie(tmp_path):
    for folder, content in (("a", "1"), ("b", "1"), ("c", "2")):
        (tmp_path / folder / "deep").mkdir(parents=True)
        (tmp_path / folder / "deep" / "factors.txt").write_text(content)
    a, b, c = (settings_digest(replace(JOB, calibration=tmp_path / name)) for name in "abc")
    assert a == b
    assert a != c
    assert a != settings_digest(JOB)


def test_context_frames_count_by_their_content(tmp_path):
    for name in "ab":
        (tmp_path / name).write_text("frame")
    digests = {settings_digest(replace(JOB, context=(tmp_path / name,))) for name in "ab"}
    assert len(digests) == 1
    assert settings_digest(JOB) not in digests


def test_the_weights_count(monkeypatch):
    def load(path, *_):
        return SimpleNamespace(info=SimpleNamespace(sha256=str(path)))

    monkeypatch.setattr(digest.loading, "load", load)
    jobs = [JOB, *(replace(JOB, fill=fill, model=model) for fill in ("network", "auto") for model in (None, Path("a")))]
    assert len({settings_digest(job) for job in jobs}) == len(jobs)


def test_a_key_is_of_frame_and_settings():
    assert len({key_of(frame * 64, digest * 64) for frame in "12" for digest in "34"}) == 4


def test_settings_survive_the_way_through_json():
    job = Job(
        "calibrate", "none", ("no-warp",), Path("calibration"), Path("model.onnx"), max_error=2.0, context=(Path("a"),)
    )
    assert job_from_json({**job_to_json(job), "of a later version": 1}) == job


def test_masks_count_by_their_content_and_travel_as_a_path(tmp_path):
    for folder, value in (("a", 1), ("b", 1), ("c", 2)):
        (tmp_path / folder).mkdir()
        fits.PrimaryHDU(np.full((4, 4), value, np.uint8)).writeto(tmp_path / folder / "mask.fits")
    a, b, c = (settings_digest(replace(JOB, mask=tmp_path / name / "mask.fits")) for name in "abc")
    assert a == b != c
    assert a != settings_digest(JOB)
    job = replace(JOB, mask=tmp_path / "a" / "mask.fits")
    assert job_from_json(job_to_json(job)) == job
