"""Making the product of a frame, and the files beside it."""

from __future__ import annotations

import json
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits
from on_disk import as_written

from corinpaint.archive import maker
from corinpaint.archive.claims import BusyError, claim
from corinpaint.archive.job import Job
from corinpaint.archive.maker import Maker, failure
from corinpaint.archive.outcome import Fate
from corinpaint.lasco.errors import CalibrationError, FrameError, OptionError


@pytest.fixture
def frame(write_frames):
    return write_frames(1)[0]


@pytest.fixture
def target(tmp_path):
    return tmp_path / "out" / "35082001.fits"


def test_a_product_is_made_once_and_then_there(frame, target, quick):
    made = Maker(quick).make(frame, target)
    assert (made.fate, made.product, made.missing, made.filled) == (Fate.MADE, str(target), 1, 1)
    assert made.calibration == "NOMINAL"
    assert made.seconds > 0
    before = as_written(target)
    again = Maker(quick).make(frame, target)
    assert (again.fate, again.product) == (Fate.THERE, str(target))
    assert as_written(target) == before


@pytest.mark.slow
def test_a_product_that_is_there_can_be_made_anew(frame, target, quick):
    Maker(quick).make(frame, target)
    before = as_written(target)
    assert Maker(quick).make(frame, target, anew=True).fate is Fate.REMADE
    assert as_written(target)[0] != before[0]
    assert Maker(replace(quick, overwrite=True)).make(frame, target).fate is Fate.REMADE


@pytest.mark.slow
@pytest.mark.parametrize(
    ("change", "keyword"),
    [
        ({"fill": "radial"}, "FILL"),
        ({"departures": ("no-warp",)}, "CALOPT"),
        ({"max_error": 0.5}, "MAXERR"),
        ({"compress": "lossless"}, "COMPRESS"),
    ],
)
def test_another_job_makes_a_stale_product_anew(frame, target, quick, change, keyword):
    Maker(quick).make(frame, target)
    job = replace(quick, **change)
    left = Maker(replace(job, stale="skip")).make(frame, target)
    assert left.fate is Fate.STALE
    assert keyword in left.note
    refused = Maker(replace(job, stale="fail")).make(frame, target)
    assert refused.fate is Fate.FAILED
    assert keyword in refused.what
    anew = Maker(job).make(frame, target)
    assert anew.fate is Fate.REMADE
    assert keyword in anew.note
    assert Maker(job).make(frame, target).fate is Fate.THERE


def test_a_file_of_somebody_else_is_never_replaced(frame, target, quick):
    target.parent.mkdir()
    target.write_text("mine")
    outcome = Maker(quick).make(frame, target)
    assert outcome.fate is Fate.FAILED
    assert "no whole product of CorInpaint" in outcome.what
    assert target.read_text() == "mine"


@pytest.mark.slow
def test_pictures_and_reports_are_added_to_a_product_that_is_there(frame, target, quick):
    Maker(quick).make(frame, target)
    before = as_written(target)
    outcome = Maker(replace(quick, png=True, json=True)).make(frame, target)
    assert outcome.fate is Fate.THERE
    assert as_written(target) == before
    assert {path.suffix for path in target.parent.iterdir()} == {".fits", ".json", ".png"}
    told = json.loads(target.with_suffix(".json").read_text())
    assert told["counts"]["filled"] == 1
    assert min(told["seconds"][stage] for stage in ("calibrate", "fill", "finish")) > 0


def test_calibrating_fills_nothing(frame, target):
    outcome = Maker(Job("calibrate", "none")).make(frame, target)
    assert (outcome.fate, outcome.missing, outcome.filled) == (Fate.MADE, 1, 0)
    assert fits.getheader(target)["NFILLED"] == 0


@pytest.mark.slow
@pytest.mark.parametrize("compress", ["none", "rice"])
def test_the_whole_file_is_compressed_where_its_name_says_so(frame, target, quick, compress):
    quick = replace(quick, compress=compress)
    target = target.with_name("35082001.fts.gz")
    first = Maker(quick).make(frame, target)
    assert first.fate is Fate.MADE
    assert target.read_bytes()[:2] == b"\x1f\x8b"
    content = target.read_bytes()
    assert Maker(quick).make(frame, target).fate is Fate.THERE
    Maker(quick).make(frame, target, anew=True)
    assert target.read_bytes() == content
    target.write_bytes(content[: len(content) // 2])
    assert Maker(quick).make(frame, target).fate is Fate.REMADE
    assert target.read_bytes() == content


def test_a_frame_that_fails_is_an_outcome_by_name(tmp_path, target, quick):
    (tmp_path / "bad.fts").write_text("<html>")
    outcome = Maker(quick).make(tmp_path / "bad.fts", target)
    assert (outcome.fate, outcome.code) == (Fate.FAILED, "not_fits")
    assert outcome.what.startswith(f"{tmp_path / 'bad.fts'}: ")
    assert outcome.remedy
    assert list(target.parent.iterdir()) == []


def test_a_bug_is_called_unexpected_and_does_not_stop_the_run(frame, target, quick, monkeypatch):
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr("corinpaint.restore.pipeline.restore", broken)
    outcome = Maker(quick).make(frame, target)
    assert outcome.code == "unexpected"
    assert outcome.error == f"{frame}: unexpected ZeroDivisionError: division by zero; please report this"


def test_a_product_that_another_process_makes_is_left_to_it(frame, target, quick):
    with claim(target, wait=False), pytest.raises(BusyError):
        Maker(quick).make(frame, target, wait=False)
    assert Maker(quick).make(frame, target, wait=False).fate is Fate.MADE


def test_what_was_made_while_waiting_is_not_made_again(frame, target, quick, monkeypatch):
    first = Maker(quick)

    def claimed(product, *, wait):
        monkeypatch.undo()
        first.make(frame, target)
        return claim(product, wait=wait)

    monkeypatch.setattr(maker, "claim", claimed)
    assert Maker(quick).make(frame, target).fate is Fate.THERE


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"fill": "network", "model": "nowhere.onnx"}, Exception),
        ({"departures": ("no-sense",)}, OptionError),
        ({"calibration": "nowhere"}, CalibrationError),
        ({"context": ("gone.fts",)}, FrameError),
    ],
)
def test_a_job_that_cannot_be_done_is_an_error_before_the_first_frame(quick, change, error, tmp_path):
    paths = {key: tmp_path / value for key, value in change.items() if key in ("model", "calibration")}
    if "context" in change:
        paths["context"] = (tmp_path / "gone.fts",)
    with pytest.raises(error, match=r"nowhere|no-sense|gone\.fts"):
        Maker(replace(quick, **change | paths))


def test_an_input_without_a_frame_has_an_outcome_too():
    outcome = failure(None, OptionError("in: has no .fts file", "give the folder"))
    assert (outcome.frame, outcome.error) == ("", "in: has no .fts file; give the folder")


@pytest.mark.slow
def test_a_product_with_another_mask_is_stale(frame, target, quick, tmp_path):
    paths = []
    for name, column in (("one", 520), ("two", 640)):
        mask = np.zeros((1024, 1024), np.uint8)
        mask[700:703, column : column + 9] = 1
        paths.append(tmp_path / f"{name}.fits")
        fits.PrimaryHDU(mask).writeto(paths[-1])
    assert Maker(quick).make(frame, target).fate is Fate.MADE
    first = replace(quick, mask=paths[0])
    made = Maker(first).make(frame, target)
    assert made.fate is Fate.REMADE
    assert "USERMASK = 'none', not " in made.note
    assert fits.getheader(target)["NUSER"] == 27
    assert Maker(first).make(frame, target).fate is Fate.THERE
    assert "USERMASK" in Maker(replace(quick, mask=paths[1])).make(frame, target).note
    assert Maker(quick).make(frame, target).fate is Fate.REMADE
    assert "USERMASK" not in fits.getheader(target)


def test_a_mask_of_another_size_fails_the_frame_by_name(frame, target, quick, tmp_path):
    fits.PrimaryHDU(np.ones((4, 4), np.uint8)).writeto(tmp_path / "mask.fits")
    made = Maker(replace(quick, mask=tmp_path / "mask.fits")).make(frame, target)
    assert made.has_failed
    assert "shape (4, 4)" in made.error


def test_a_product_by_another_policy_is_made_anew_with_the_limit_of_that_policy(frame, target, quick):
    job = replace(quick, fill="none")
    Maker(job).make(frame, target)
    predicted = replace(job, policy="predicted")
    anew = Maker(predicted).make(frame, target)
    assert anew.note.startswith("FILLPOL = 'solarsoft', not 'predicted'")
    assert Maker(predicted).make(frame, target).fate is Fate.THERE
    with pytest.raises(OptionError, match="predicts no error"):
        Maker(replace(quick, policy="predicted"))
