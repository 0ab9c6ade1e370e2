"""Tables for notebooks: small, escaped, without addresses."""

from __future__ import annotations

from corinpaint.lasco.notebook.tables import table


def test_all_texts_are_escaped():
    found = table("<b>", {"a&b": "<script>alert(1)</script>"}, ["<i>"])
    assert found == (
        "<table><caption>&lt;b&gt;</caption><tr><th>a&amp;b</th>"
        "<td>&lt;script&gt;alert(1)&lt;/script&gt;</td></tr></table><ul><li>&lt;i&gt;</li></ul>"
    )
    assert table("x", {}) == "<table><caption>x</caption></table>"
