"""`corinpaint movie`."""

from __future__ import annotations

import json

import sequences

from corinpaint.archive.movies.cadence import AXES, MAX_GAP
from corinpaint.archive.movies.movie import Options
from corinpaint.cli.archives import movie
from corinpaint.lasco.pictures.stretch import STRETCHES


def test_a_movie_is_made_and_products_that_fail_are_named(run, tmp_path):
    folder = sequences.write(tmp_path / "in", (0, 12, 24, 90))
    words = ("movie", folder, "-o", tmp_path / "a.gif", "--kind", "original", "--limits", "-1", "3")
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert "a.gif: C2 ORANGE/CLEAR, 96 x 96 px, original, 4 frames, 1 gap\n" in result.stdout
    assert json.loads((tmp_path / "a.gif.json").read_text())["limits"] == [-1.0, 3.0]
    broken = folder / "25000001.fits"
    broken.write_bytes(broken.read_bytes()[:-5000])
    result = run(*words)
    assert result.exit_code == 1
    assert "is there already" in result.stderr
    result = run(*words, "--overwrite")
    assert result.exit_code == 1
    assert result.stderr.count("25000001.fits: cannot be read as FITS") == 1
    assert "1 of 4 products left out." in result.stderr
    assert "3 frames" in result.stdout


def test_the_options_are_those_of_the_library():
    options = {option.name: option for option in movie.command.params}
    assert tuple(options["axis"].type.choices) == AXES
    assert tuple(options["stretch"].type.choices) == STRETCHES
    assert options["max_gap"].default == Options().max_gap == MAX_GAP
    assert options["rate"].default == Options().rate
    assert options["kind"].default == Options().kind
