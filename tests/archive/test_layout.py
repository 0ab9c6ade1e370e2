"""Where products belong."""

from __future__ import annotations

from pathlib import Path

import pytest

from corinpaint.archive.layout import Layout, beside
from corinpaint.lasco.errors import FrameError, OptionError
from corinpaint.lasco.inputs.files import InputFile


@pytest.fixture
def item(tmp_path, make_frame):
    path = tmp_path / "in" / "sub" / "32000001.fts"
    path.parent.mkdir(parents=True)
    path.write_bytes(make_frame())
    return InputFile(path, Path("sub"))


@pytest.mark.parametrize(
    ("layout", "expected"),
    [
        ("subfolders", "sub/35000001.fits"),
        ("flat", "35000001.fits"),
        ("date", "2002/01/08/c3/35000001.fits"),
        ("nrl", "020108/c3/35000001.fts.gz"),
        ("{year}-{month}/{filter}_{polar}/{frame}.fts", "2002-01/clear_clear/32000001.fts"),
    ],
)
def test_products_have_their_places(item, layout, expected):
    assert Layout(Path("out"), layout).product(item) == Path("out") / expected


def test_a_name_alone_needs_no_look_into_the_file():
    gone = InputFile(Path("nowhere/22000464.fts.gz"), Path("day"))
    assert Layout(Path("out")).product(gone) == Path("out/day/25000464.fits")


def test_a_frame_that_cannot_be_read_has_no_place_by_its_date(tmp_path):
    path = tmp_path / "32000001.fts"
    path.write_bytes(b"<html>")
    with pytest.raises(FrameError, match=r"32000001\.fts"):
        Layout(Path("out"), "date").product(InputFile(path))


@pytest.mark.parametrize(
    ("layout", "message"),
    [
        ("by-day", "gives all frames one product"),
        ("{yaer}/{product}.fits", r"\{yaer\} is unknown"),
        ("{product", "is no template"),
        ("{product!x}.fits", "is no template"),
        ("{product.__class__}.fits", "unknown|no template"),
        ("{}/{product}.fits", "unknown|no template"),
        ("{product}.jpg", "does not end with .fits"),
        ("../{product}.fits", "leads out of the folder"),
        ("/tmp/{product}.fits", "leads out of the folder"),
    ],
)
def test_what_is_no_layout_is_refused_by_name(layout, message):
    with pytest.raises(OptionError, match=message):
        Layout(Path("out"), layout)


def test_pictures_lie_beside_their_product():
    assert beside(Path("out/35000001.fts.gz"), ".png") == Path("out/35000001.png")
    assert beside(Path("out/35000001.fits"), ".json") == Path("out/35000001.json")
