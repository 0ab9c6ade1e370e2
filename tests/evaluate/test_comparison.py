"""A whole benchmark: the files that it writes, and that a seed repeats it."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import pytest

from corinpaint.evaluate import comparison
from corinpaint.evaluate.benchmark import Plan
from corinpaint.evaluate.methods import load_methods
from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.simulation.scene import simulate, write

pytestmark = pytest.mark.slow

PLAN = Plan(sizes=("1", "2x2"), holes=2, seed=3)


@pytest.fixture(scope="module")
def frames(tmp_path_factory) -> list[Path]:
    folder = tmp_path_factory.mktemp("frames")
    return [write(simulate(seed, missing=0), folder / f"3200000{seed}.fts") for seed in (1, 2)]


def _run(frames: list[Path], folder: Path) -> dict[str, Path]:
    methods, weights = load_methods(["polynomial", "harmonic"])
    made = comparison.compare(
        frames, methods, PLAN, load_calibration_set(), folder, {"weights": weights}, comparison.Settings(draws=20)
    )
    return {path.name: path for path in made}


@pytest.fixture(scope="module")
def written(frames, tmp_path_factory) -> dict[str, Path]:
    return _run(frames, tmp_path_factory.mktemp("out"))


def test_every_hole_of_every_method_is_in_the_table(written):
    with written["holes.csv"].open() as file:
        rows = list(csv.DictReader(file))
    assert len(rows) == 2 * 2 * 2 * 2
    assert {row["method"] for row in rows} == {"polynomial", "harmonic"}
    assert all(0.3 < float(row["error"]) < 5 for row in rows)


def test_the_first_method_is_compared_with_the_others(written):
    with written["paired.csv"].open() as file:
        lines = list(csv.DictReader(file))
    assert [(line["size"], line["method"], line["rival"]) for line in lines] == [
        ("1", "polynomial", "harmonic"),
        ("2x2", "polynomial", "harmonic"),
    ]


def test_the_page_holds_tables_and_a_picture_for_each_size(written):
    page = written["benchmark.html"].read_text()
    assert page.count("<table>") == 2
    assert page.count("data:image/png") == 2
    text = written["benchmark.md"].read_text()
    assert "2 frames, seed 3" in text
    assert "| C3 | 2x2 | harmonic |" in text


def test_what_was_measured_is_recorded(written):
    record = json.loads(written["benchmark.json"].read_text())
    assert record["plan"] == {"sizes": ["1", "2x2"], "holes": 2, "seed": 3}
    assert record["weights"] == "none"


def test_a_seed_gives_the_same_files_but_for_the_times(frames, written, tmp_path):
    again = _run(frames, tmp_path)
    for name in ("holes.csv", "medians.csv", "paired.csv", "benchmark.html", "benchmark.json"):
        assert again[name].read_bytes() == written[name].read_bytes(), name


def test_without_a_frame_that_has_room_nothing_is_written(tmp_path):
    (tmp_path / "bad.fts").write_text("no FITS")
    messages = []
    methods, _ = load_methods(["harmonic"])
    with pytest.raises(OptionError, match="no frame has room"):
        comparison.compare(
            [tmp_path / "bad.fts"], methods, PLAN, load_calibration_set(), tmp_path / "out", {}, skipped=messages.append
        )
    assert "bad.fts" in messages[0]
    assert not (tmp_path / "out").exists()
