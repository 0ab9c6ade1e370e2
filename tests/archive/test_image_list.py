"""The lists img_hdr.txt beside products."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.archive.acquisition.image_headers import parse
from corinpaint.archive.image_list import line_of, write_image_list

CARDS = {
    "DATE-OBS": "2002-01-08T02:18:05.594",
    "DETECTOR": "C3",
    "EXPTIME": 19.06,
    "R1COL": 20,
    "R1ROW": 1,
    "FILTER": "Clear",
    "POLAR": "Clear",
    "LP_NUM": "Normal",
    "FP_WL_UP": 5302.25,
    "OS_NUM": 3100,
}


@pytest.fixture
def header():
    header = fits.PrimaryHDU(np.zeros((512, 1024), np.float32)).header
    header.update(CARDS)
    return header


def test_a_line_has_the_columns_of_the_archive(header):
    assert line_of("35082001.fts", header) == (
        "35082001.fts  2002/01/08    02:18:05  C3     19.1   1024    512     20      1  Clear   Clear   Normal  "
        "  5302.2500  3100"
    )


def test_texts_are_cut_to_their_columns_and_what_is_unknown_is_0(header):
    header["FILTER"], header["FP_WL_UP"] = "DeepRedder", "none"
    del header["OS_NUM"]
    line = line_of("24000464_level1.fts", header)
    assert line.startswith("24000464_lev  2002/01/08")
    assert "  DeepRe  " in line
    assert line.endswith("0.0000     0")


def test_a_list_has_a_line_for_each_product_in_the_order_of_time_and_is_written_anew(tmp_path, header):
    for number, time in ((35082002, "02:18:05"), (35082001, "03:18:05")):
        header["DATE-OBS"] = f"2002-01-08T{time}"
        fits.PrimaryHDU(np.zeros((512, 1024), np.float32), header).writeto(tmp_path / f"{number}.fts")
        (tmp_path / f"{number}.fts.gz").write_bytes(gzip.compress((tmp_path / f"{number}.fts").read_bytes()))
    path = write_image_list(tmp_path)
    assert [line[:12] for line in path.read_text().splitlines()] == ["35082002.fts", "35082001.fts"]
    (tmp_path / "35082001.fts.gz").unlink()
    assert write_image_list(tmp_path).read_text().count("\n") == 1


def test_what_fetches_frames_can_read_the_list(header):
    (found,) = parse(f"{line_of('35082001.fts', header)}\n".encode(), "img_hdr.txt").headers
    assert (found.name, found.exptime, found.columns, found.rows) == ("35082001.fts", 19.1, 1024, 512)
    assert (found.filter, found.polar, found.program) == ("Clear", "Clear", "Normal")
