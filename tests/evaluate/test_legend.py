"""The meanings of the columns."""

from __future__ import annotations

from pathlib import Path

import pytest

from corinpaint.evaluate import legend, summary

DOCS = Path(__file__).resolve().parents[2] / "docs" / "reference" / "metrics.md"


@pytest.mark.parametrize("name", summary.MEDIANS)
def test_every_median_is_explained(name):
    assert legend.COLUMNS[name]


def test_columns_are_explained_once_and_names_of_methods_are_not():
    assert list(legend.of(["rms", "harmonic", "floor", "rms"])) == ["rms", "floor"]


def test_the_documentation_explains_the_same_columns():
    text = DOCS.read_text()
    assert all(f"`{name}`" in text for name in legend.COLUMNS)
