"""The page of a frame: everything is named, and nothing of a stranger's header becomes HTML."""

from __future__ import annotations

import re

import pytest

from corinpaint.archive.reporting import images, products, zones
from corinpaint.archive.reporting.entries import Entry
from corinpaint.archive.reporting.frame_page import Content, frame_page


@pytest.fixture
def page(make_product, tmp_path):
    """Makes a page of a product with further cards."""

    def make(report=None, **cards) -> str:
        found = products.read(make_product(**cards).write(tmp_path, overwrite=True))
        entry = Entry("35000001.fits", "k-1", "35000001", "2002-01-08T02:18:05", "C3", warnings=("<b>careful",))
        told = report or {}
        content = Content(
            entry, found.header, images.pictures(found), zones.rows(found, told), told, "../../../35000001.fits"
        )
        return frame_page(content).decode()

    return make


def test_headers_of_strangers_are_shown_as_text(page):
    made = page(OBJECT="<script>alert(1)</script>", OBSERVER='" onload="x')
    assert "<script>alert" not in made
    assert "&lt;script&gt;alert(1)" in made
    assert "<b>careful" not in made
    assert 'onload="x' not in made.replace("&quot;", "")


def test_controls_have_labels_and_tables_have_captions(page):
    made = page()
    for identity in re.findall(r'<input [^>]*id="([^"]+)"', made):
        assert f'for="{identity}"' in made, identity
    assert made.count("<table") == made.count("<caption")
    assert not re.search(r"<th(?![^>]*scope=)[ >]", made)
    assert not re.search(r"<img(?![^>]*alt=)", made)
    for name in ("<header>", '<nav aria-label="Frames">', "<main ", 'class="skip"'):
        assert name in made
    assert "style=" not in made  # which the policy of the page forbids


def test_zones_times_and_the_product_are_there(page):
    made = page({"zones": [], "seconds": {"fill": 0.125}})
    for text in ("refused: touches the edge of the frame", "1.14 x noise", "0.125 s", "../../../35000001.fits"):
        assert text in made
    assert "has not" in page()
    assert made.count("data-shows=") == 3
