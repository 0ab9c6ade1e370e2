"""Kinds of files that are no frames."""

from __future__ import annotations

import gzip

import level05
import pytest
from astropy.io import fits

from corinpaint.lasco.inputs.kinds import (
    CALIBRATED,
    CALIBRATION_FILE,
    OTHER_FITS,
    PRODUCT,
    TRUTH,
    is_fits,
    kind_of,
    kind_of_header,
)


def test_a_frame_and_a_damaged_file_are_of_no_kind(tmp_path):
    for name, content in (("a.fts", level05.small_frame()), ("b.fts", b"damaged"), ("c.fts", b"")):
        (tmp_path / name).write_bytes(content)
        assert kind_of(tmp_path / name) is None
    assert kind_of(tmp_path / "gone.fts") is None


@pytest.mark.parametrize(("name", "kind"), [("32180001_truth.fits", TRUTH), ("c3ramp.fts", CALIBRATION_FILE)])
def test_some_kinds_are_known_by_their_names(tmp_path, name, kind):
    (tmp_path / name).write_bytes(level05.small_frame())
    assert kind_of(tmp_path / name) == kind


@pytest.mark.parametrize(
    ("cards", "kind"),
    [
        ({"LEVEL": "1.0", "CREATOR": "CorInpaint 1"}, PRODUCT),
        ({"LEVEL": "1.0"}, CALIBRATED),
        ({"DETECTOR": "C1"}, OTHER_FITS),
        ({}, OTHER_FITS),
        ({"DETECTOR": "C2", "LEVEL": "0.5"}, None),
    ],
)
def test_the_others_by_their_headers(cards, kind):
    assert kind_of_header(fits.Header(cards)) == kind


def test_fits_files_are_known_by_their_first_bytes_compressed_or_not(tmp_path):
    path = tmp_path / "frame"
    for content, wanted in ((level05.small_frame(), True), (gzip.compress(level05.small_frame()), True), (b"", False)):
        path.write_bytes(content)
        assert is_fits(path) is wanted
