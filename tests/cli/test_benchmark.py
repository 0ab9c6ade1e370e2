"""`corinpaint benchmark`."""

from __future__ import annotations

import pytest

from corinpaint.cli.benchmark import SIZES
from corinpaint.lasco.simulation.hole_placement import SHAPES
from corinpaint.lasco.simulation.scene import simulate, write


@pytest.mark.slow
def test_a_folder_of_frames_is_measured(run, tmp_path):
    write(simulate(1, missing=0), tmp_path / "in" / "32000001.fts")
    (tmp_path / "in" / "bad.fts").write_text("no FITS")
    words = ("--method", "harmonic", "--method", "radial", "--sizes", "1", "--holes", 2, "--draws", 10)
    result = run("benchmark", tmp_path / "in", "-o", tmp_path / "out", *words)
    assert result.exit_code == 0, result.output
    assert "benchmark.html" in result.output
    assert "left out: bad.fts" in result.stderr
    assert "| C3 | 1 | harmonic | 2 |" in (tmp_path / "out" / "benchmark.md").read_text()


def test_an_unknown_size_is_a_message(run, tmp_path):
    result = run("benchmark", tmp_path, "-o", tmp_path / "out", "--sizes", "9x9", "--method", "harmonic")
    assert result.exit_code == 1
    assert "9x9" in result.stderr


def test_without_frames_nothing_is_written(run, tmp_path):
    result = run("benchmark", tmp_path / "gone", "-o", tmp_path / "out", "--method", "harmonic")
    assert result.exit_code == 1
    assert not (tmp_path / "out").exists()


def test_the_sizes_are_all_that_there_are():
    assert SIZES.split(",") == list(SHAPES)


@pytest.mark.parametrize("word", ["--method", "--sizes", "--seed"])
def test_help_names_what_can_be_chosen(run, word):
    assert word in run("benchmark", "--help").output
