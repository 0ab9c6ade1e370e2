"""One request from its fields to its answer."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest

from corinpaint.handlers import handler
from corinpaint.handlers.processing import process_request
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore.pipeline import restore


@pytest.fixture(scope="module")
def frame(make_frame):
    return make_frame(missing=((20, 8),))


@pytest.mark.slow
def test_a_frame_is_restored_and_its_stages_are_timed(frame, echo):
    done = process_request({"body": frame}, {}, "r", echo, load_calibration_set())
    assert done.outcome == "restored"
    assert done.restored is not None
    assert done.restored.filled.sum() == 1
    assert done.answer.body == restore(read_frame(frame), inpainter=echo).level1.to_bytes()
    assert list(done.seconds) == ["decode", "calibrate", "fill", "finish", "encode"]
    assert all(took > 0 for took in done.seconds.values())


def test_a_refused_request_is_counted_under_its_code(frame, echo):
    done = process_request({"body": frame, "fill": "temporal"}, {}, "r", echo, load_calibration_set())
    assert (done.outcome, done.restored, done.answer.status) == ("bad_option", None, 400)
    assert done.answer.frame == "32082037"
    assert list(done.seconds) == ["decode"]


def test_a_defect_is_answered_and_counted_as_internal(frame, echo):
    def broken(*_):
        raise ZeroDivisionError

    echo.fill = broken
    done = process_request({"body": frame}, {}, "request-7", echo, load_calibration_set())
    assert (done.outcome, done.answer.status) == ("internal", 500)
    assert json.loads(done.answer.body)["request_id"] == "request-7"


def test_torchserve_finds_one_class_in_the_handler():
    found = [node for node in ast.parse(Path(handler.__file__).read_text()).body if isinstance(node, ast.ClassDef)]
    assert [node.name for node in found] == ["CorInpaintHandler"]
