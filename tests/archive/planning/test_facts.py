"""What is known of a file."""

from __future__ import annotations

import gzip
from hashlib import sha256

import numpy as np

from corinpaint.archive.planning.facts import UNREADABLE, examine

SMALL = np.full((32, 32), 400, np.int16)


def test_a_frame_has_date_telescope_and_hash_of_its_decompressed_content(make_frame, tmp_path):
    content = make_frame(SMALL, POLAR="+60 Deg")
    path = tmp_path / "32082037.fts.gz"
    path.write_bytes(gzip.compress(content))
    facts = examine(path)
    assert facts.kind == ""
    assert facts.sha256 == sha256(content).hexdigest()
    assert facts.date == "2002-01-08T02:18:05.594"
    assert (facts.detector, facts.filter, facts.polar) == ("C3", "CLEAR", "+60DEG")
    assert (facts.rows, facts.columns) == (32, 32)


def test_a_damaged_file_is_unreadable_with_its_error(make_frame, tmp_path):
    path = tmp_path / "32082037.fts"
    path.write_bytes(make_frame(SMALL)[:-3000])
    facts = examine(path)
    assert (facts.kind, facts.code) == (UNREADABLE, "truncated")
    assert str(path) in facts.what
    assert facts.remedy


def test_a_frame_without_a_date_is_unreadable(make_frame, tmp_path):
    path = tmp_path / "32082037.fts"
    path.write_bytes(make_frame(SMALL, drop=("DATE-OBS",)))
    assert examine(path).code == "missing_keyword"


def test_a_file_that_is_gone_is_unreadable(tmp_path):
    assert examine(tmp_path / "32082037.fts").kind == UNREADABLE


def test_products_other_frames_and_truths_are_of_other_kinds(make_frame, tmp_path):
    for name, cards in (
        ("35082037.fts", {"LEVEL": "1.0", "CREATOR": "CorInpaint 1"}),
        ("1.fts", {"TELESCOP": "STEREO"}),
        ("32082037_truth.fits", {}),
    ):
        (tmp_path / name).write_bytes(make_frame(SMALL, **cards))
    kinds = {examine(path).kind for path in tmp_path.iterdir()}
    assert len(kinds) == 3
    assert not kinds & {"", UNREADABLE}


def test_a_product_whose_image_cannot_be_read_is_no_failure(make_frame, tmp_path):
    path = tmp_path / "35082037.fts"
    path.write_bytes(make_frame(SMALL, LEVEL="1.0", CREATOR="CorInpaint 1")[:-3000])
    assert examine(path).kind not in ("", UNREADABLE)
