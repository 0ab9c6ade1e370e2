"""Errors carry what is wrong and what to do about it, each by itself."""

from __future__ import annotations

import pickle

import pytest

from corinpaint.lasco import errors
from corinpaint.lasco.level05.frame import read_frame


def test_the_text_of_an_error_is_what_and_remedy():
    error = errors.FrameError("32082037.fts: cut", "fetch it again")
    assert (error.what, error.remedy, str(error)) == (
        "32082037.fts: cut",
        "fetch it again",
        "32082037.fts: cut; fetch it again",
    )


def test_the_text_of_an_error_without_a_remedy_is_what_alone():
    assert (str(errors.FrameError("cut")), errors.FrameError("cut").remedy) == ("cut", "")


def test_a_file_name_with_a_semicolon_stays_in_what_is_wrong(tmp_path):
    path = tmp_path / "odd; name.fts"
    path.write_bytes(b"no FITS at all")
    with pytest.raises(errors.NotFitsError) as caught:
        read_frame(path)
    assert "odd; name.fts" in caught.value.what
    assert "odd" not in caught.value.remedy


def test_an_error_can_be_pickled():
    error = pickle.loads(pickle.dumps(errors.BadKeywordError("x: EXPTIME = -1", "give another frame")))
    assert (type(error), error.what, error.remedy) == (errors.BadKeywordError, "x: EXPTIME = -1", "give another frame")


def test_every_error_has_its_own_code():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type)]
    assert len({kind.code for kind in kinds}) == len(kinds)
