"""HTML is made of escaped texts."""

from __future__ import annotations

from corinpaint.archive.reporting.markup import Markup, element, link, page, scrolling, table

STRANGE = '<script>alert("1")</script>'


def test_texts_and_attributes_are_escaped_and_markup_is_not():
    assert "<script" not in element("p", STRANGE, title=STRANGE)
    assert element("p", Markup("<b>x</b>")) == "<p><b>x</b></p>"
    assert (
        element("input", hidden=True, name=None, aria_label="x", class_="y")
        == '<input hidden aria-label="x" class="y">'
    )
    assert link("a.html", STRANGE).startswith('<a href="a.html">&lt;script')


def test_a_table_has_a_caption_and_scopes():
    made = table("Numbers", ("a", "b"), [("x", STRANGE)])
    assert "<caption>Numbers</caption>" in made
    assert '<th scope="col">a</th>' in made
    assert '<th scope="row">x</th>' in made
    assert "<script" not in made
    assert 'tabindex="0"' in scrolling(made, "Numbers")


def test_a_page_has_a_policy_and_no_foreign_address():
    made = page("<title>", element("main", id="main"), "../", ["a.js"]).decode()
    assert "default-src 'self'" in made
    assert '<script defer src="../a.js">' in made
    assert "http:" not in made
    assert "https:" not in made
    assert "<title>&lt;title&gt;</title>" in made
