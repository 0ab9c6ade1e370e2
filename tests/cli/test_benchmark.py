"""`corinpaint benchmark`."""

from __future__ import annotations

import pytest

from corinpaint.cli.benchmark import ALSO, SIDES, SIZES, STAR_DN
from corinpaint.evaluate import comparison, context_frames
from corinpaint.lasco.simulation.hole_placement import SHAPES
from corinpaint.lasco.simulation.scene import simulate, simulate_sequence, write


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


def test_kinds_of_context_and_measures_are_all_that_there_are():
    assert SIDES == context_frames.SIDES
    assert ALSO == comparison.ALSO
    assert STAR_DN == comparison.STAR_DN


@pytest.mark.parametrize("word", ["--method", "--sizes", "--seed", "--context-sides", "--also"])
def test_help_names_what_can_be_chosen(run, word):
    assert word in run("benchmark", "--help").output


@pytest.mark.slow
def test_context_from_both_sides_is_compared_with_earlier_frames_in_one_table(run, tmp_path):
    for number, made in enumerate(simulate_sequence(5, (None, None, 12.0))):
        write(made, tmp_path / "in" / f"3200000{number}.fts")
    words = ("--method", "network", "--method", "temporal", "--sizes", "1", "--holes", 1, "--draws", 10)
    both = ("--context", 2, "--context-sides", "earlier", "--context-sides", "1+1", "--no-pictures")
    result = run("benchmark", tmp_path / "in", "-o", tmp_path / "out", *words, *both)
    assert result.exit_code == 0, result.output
    assert "network: does not say what it was trained on" in result.stderr
    lines = (tmp_path / "out" / "relative.csv").read_text().splitlines()
    assert lines[0] == "telescope,kind,size,holes,network,temporal,temporal 1+1,floor"
    assert lines[1].split(",")[:5] == ["C3", "full", "1", "1", "1"]
