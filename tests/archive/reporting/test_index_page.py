"""The first page and the data of its table."""

from __future__ import annotations

import json
from collections import Counter

from corinpaint.archive.reporting.entries import Entry, damaged
from corinpaint.archive.reporting.index_page import COLUMNS, ROWS, data_pages, index_page, order


def columns(script: bytes) -> dict:
    return json.loads(script.decode().removeprefix("CorInpaintReport.take(").removesuffix(");\n"))


def test_data_come_in_pages_that_hold_every_row_once(make_entries):
    pages = [columns(one) for one in data_pages(make_entries(ROWS + 3))]
    assert [len(one["key"]) for one in pages] == [ROWS, 3]
    assert len({key for one in pages for key in one["key"]}) == ROWS + 3
    assert {name for name, _ in COLUMNS} <= set(pages[0])
    assert data_pages([]) == []


def test_data_are_ascii_and_cannot_leave_their_script():
    (page,) = data_pages([damaged("\u2028</script>", "\u2029")])
    assert page.isascii()


def test_the_order_has_the_frames_with_pages():
    assert order([Entry("a", "k"), damaged("b", "x")]) == b'globalThis.CorInpaintOrder = ["k"];\n'


def test_the_table_can_be_sorted_and_filtered_by_labelled_controls(make_entries):
    made = index_page(make_entries(3), ["data/page-000-x.js"], "<command>", Counter()).decode()
    assert made.count("aria-sort=") == len(COLUMNS)
    assert made.count('aria-sort="ascending"') == 1
    for name in ("from", "to", "detector", "state", "text"):
        assert f'<label for="{name}">' in made
    assert 'role="status"' in made
    assert "&lt;command&gt;" in made
    assert made.index("assets/index.js") < made.index("data/page-000-x.js")
