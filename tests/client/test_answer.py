"""An answer belongs to the frame that was sent, or is an error."""

from __future__ import annotations

import endpoint
import pytest

from corinpaint.client.answer import Answer, CompressionWarning, Response, verify_answer
from corinpaint.client.errors import AnswerError
from corinpaint.client.request import Request, encode
from corinpaint.lasco.errors import OutputError
from corinpaint.lasco.file_numbers import level1_number

FRAME = endpoint.small_frame()


def reply(number="32082037", **headers):
    return Response(endpoint.product(number), {name.replace("_", "-"): value for name, value in headers.items()})


def disposition(name):
    return {"content_disposition": f'attachment; filename="{name}"'}


def test_the_product_is_named_after_its_frame():
    assert verify_answer(reply(**disposition("35082037.fits")), encode(Request(FRAME))) == "35082037.fits"
    assert verify_answer(reply(), encode(Request(FRAME))) == "35082037.fits"
    picture = Response(endpoint.picture(), {})
    assert verify_answer(picture, encode(Request(FRAME, accept="image/png", name="odd.fts"))) == "odd_level1.png"


@pytest.mark.parametrize("number", ["21000464", "22000464", "23000464", "24000464"])
def test_frames_whose_counts_are_the_same_are_not_confused(number):
    request = encode(Request(FRAME, name=f"{number}.fts"))
    assert verify_answer(reply(number, x_corinpaint_frame=number), request) == f"{level1_number(number)}.fits"
    for other in {"21000464", "22000464", "23000464", "24000464"} - {number}:
        with pytest.raises(AnswerError, match="the answer is that of"):
            verify_answer(reply(other), request)


@pytest.mark.parametrize(
    "other",
    [
        reply(x_corinpaint_frame="32082038"),
        reply(**disposition("35082038.fits")),
        reply("32082038"),
        reply("32082038", **disposition("35082037.fits"), x_corinpaint_frame="32082037"),
    ],
)
def test_the_product_of_another_frame_is_an_error(other):
    with pytest.raises(AnswerError, match=r"frame: the answer is that of (frame 32082038|35082038\.fits)"):
        verify_answer(other, encode(Request(FRAME)))


def test_a_product_that_is_compressed_otherwise_than_asked_for_is_taken_with_a_warning():
    with pytest.warns(CompressionWarning, match="compress = none, not rice; an earlier version"):
        assert verify_answer(reply(), encode(Request(FRAME, compress="rice"))) == "35082037.fits"


def test_a_frame_without_a_number_takes_the_suggested_name_but_no_path():
    unknown = encode(Request(b"no number"))
    assert verify_answer(reply(**disposition("35082037.fits")), unknown) == "35082037.fits"
    picture = encode(Request(b"no number", accept="image/png"))
    assert (
        verify_answer(Response(endpoint.picture(), {"content-disposition": 'attachment; filename="../x"'}), picture)
        == ""
    )
    with pytest.raises(AnswerError, match="that of 35082037"):
        verify_answer(reply(**disposition("35082038.fits")), unknown)


def test_an_answer_of_another_media_type_is_an_error():
    with pytest.raises(AnswerError, match="text/html"):
        verify_answer(reply(content_type="text/html"), encode(Request(FRAME)))
    assert verify_answer(reply(content_type="Application/FITS; x=1"), encode(Request(FRAME)))


def test_an_answer_is_written_under_its_name_and_replaces_nothing(tmp_path):
    answer = Answer(b"body", "application/fits", "35082037.fits", "32082037", "", 0.1, 1)
    assert answer.write(tmp_path / "out").read_bytes() == b"body"
    with pytest.raises(OutputError, match="is there already"):
        answer.write(tmp_path / "out")
    assert answer.write(str(tmp_path / "text")) == tmp_path / "text" / "35082037.fits"
    with pytest.raises(TypeError, match=r"folder must be a path \(str or os.PathLike\), not NoneType"):
        answer.write(None)
    with pytest.raises(AnswerError, match="no name"):
        Answer(b"", "image/png", "", "", "", 0.1, 1).write(tmp_path)
