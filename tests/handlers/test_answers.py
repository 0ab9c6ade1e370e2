"""What requests are answered: formats of products, and errors as JSON."""

from __future__ import annotations

import json
import re

import pytest
from level05 import ALL

from corinpaint.handlers import answers
from corinpaint.lasco.errors import CalibrationError, CorInpaintError, FrameError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.restore.pipeline import restore

PATH = re.compile(r"(^|[\s'\"(])/[a-z]+/|Traceback|\.py\b")


@pytest.fixture(scope="module")
def restored(make_frame):
    return restore(read_frame(make_frame(missing=((20, 8),))), fill="none")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("media_type", "name", "start"),
    [
        ("application/fits", "35082037.fits", b"SIMPLE"),
        ("image/png", "35082037.png", b"\x89PNG"),
        ("application/json", "35082037.json", b"{"),
    ],
)
def test_a_product_is_answered_in_the_format_that_was_asked_for_with_the_number_of_its_frame(
    restored, media_type, name, start
):
    answer = answers.product(restored, media_type)
    assert (answer.status, answer.media_type, answer.filename) == (200, media_type, name)
    assert answer.frame == "32082037"
    assert answer.body.startswith(start)


@pytest.mark.slow
def test_a_product_is_compressed_when_that_was_asked_for(restored):
    sizes = [len(answers.product(restored, answers.FITS, compress).body) for compress in ("none", "lossless", "rice")]
    assert sizes[0] > 2 * sizes[1] > 4 * sizes[2]
    assert answers.product(restored, answers.FITS, "rice").body == restored.level1.to_bytes("rice")


def test_an_error_has_code_what_and_remedy_in_fields_of_their_own():
    answer = answers.error(
        FrameError("32082037: the image; ends early", "fetch the file again"), "request-1", "32082037"
    )
    assert (answer.status, answer.media_type, answer.frame) == (400, "application/json", "32082037")
    assert json.loads(answer.body) == {
        "code": "bad_frame",
        "status": 400,
        "message": "32082037: the image; ends early; fetch the file again",
        "what": "32082037: the image; ends early",
        "remedy": "fetch the file again",
        "frame": "32082037",
        "request_id": "request-1",
    }


@pytest.mark.parametrize("name", ALL)
def test_every_kind_of_damaged_frame_has_its_remedy_and_no_path(name):
    damage, _ = ALL[name]
    with pytest.raises(CorInpaintError) as caught:
        restore(read_frame(damage()), fill="none")
    body = json.loads(answers.error(caught.value).body)
    assert body["what"]
    assert body["remedy"]
    assert not PATH.search(body["message"].replace("http://", ""))


def test_an_error_of_the_server_does_not_name_its_files():
    refused = answers.error(CalibrationError("/srv/calibration/C3ramp.fts: not readable", "fetch it"), "r")
    body = json.loads(refused.body)
    assert (refused.status, body["code"], body["request_id"]) == (500, "internal", "r")
    assert b"/srv" not in refused.body
    assert "request_id" in body["remedy"]


def test_an_error_without_a_remedy_keeps_its_message():
    body = json.loads(answers.error(FrameError("frame: bad")).body)
    assert (body["message"], body["what"], body["remedy"], body["frame"]) == ("frame: bad", "frame: bad", "", None)
