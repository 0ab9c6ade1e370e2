"""Options that `movie` and `jmap` share."""

from __future__ import annotations

import pytest
import sequences

from corinpaint.archive.movies.images import KINDS
from corinpaint.cli.archives import products


def test_the_kinds_are_those_of_the_library():
    assert products.KINDS == KINDS


@pytest.mark.parametrize("words", [("movie", "-o", "a.gif"), ("jmap", "-o", "a.png", "--angle", "60")])
def test_a_background_must_be_given(run, tmp_path, words):
    result = run(words[0], sequences.write(tmp_path), *words[1:], "--kind", "background")
    assert result.exit_code == 2
    assert "--kind background needs --background FILE" in result.stderr


def test_several_settings_are_an_error_and_an_option_chooses(run, tmp_path):
    sequences.write(tmp_path / "in" / "c2", (0, 12))
    sequences.write(tmp_path / "in" / "c3", (0, 12), DETECTOR="C3", FILTER="Clear")
    words = ("movie", tmp_path / "in", "-o", tmp_path / "a.gif", "--kind", "original")
    result = run(*words)
    assert result.exit_code == 1
    assert "choose one by --detector (C2, C3) or --filter (CLEAR, ORANGE)" in result.stderr
    assert run(*words, "--detector", "C3").exit_code == 0
