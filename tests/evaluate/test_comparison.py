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
from corinpaint.lasco.simulation.scene import simulate, simulate_sequence, write

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
    assert page.count("<table>") == 4
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


def test_everything_that_can_be_measured_has_its_files_tables_and_explained_columns(tmp_path):
    for number, made in enumerate(simulate_sequence(5, (None, 12.0))):
        write(made, tmp_path / "in" / f"3200000{number}.fts")
    steps = []
    methods, _ = load_methods(["harmonic"])
    made = comparison.compare(
        sorted((tmp_path / "in").iterdir()),
        methods,
        Plan(sizes=("1",), holes=2, seed=3),
        load_calibration_set(),
        tmp_path / "out",
        {},
        comparison.Settings(draws=20, pictures=False, also=comparison.ALSO, notes=("Warning: seen <before>",)),
        progress=lambda *step: steps.append(step),
    )
    files = {path.name: path.read_text() for path in made}
    for name, column in (("stars", "star_change"), ("flicker", "flicker_blocks"), ("mass", "mass_fill")):
        (*_, row) = csv.DictReader(files[f"{name}.csv"].splitlines())
        assert abs(float(row[column])) > 0
    head = next(csv.reader(files["intervals.csv"].splitlines()))
    assert "inside" in head
    text, page = files["benchmark.md"], files["benchmark.html"]
    for title in ("Stars beside holes", "Flicker along sequences", "Mass in base differences"):
        assert f"## {title}" in text
        assert f"<h2>{title}</h2>" in page
    shown = {
        name.strip() for row in text.splitlines() if row.startswith("| telescope") for name in row.split("|")[1:-1]
    }
    assert shown - {"harmonic"} == {row[3:].split("`")[0] for row in text.splitlines() if row.startswith("- `")}
    assert "Warning: seen <before>" in text
    assert "Warning: seen &lt;before&gt;" in page
    assert steps == [("holes", 1, 2), ("holes", 2, 2), ("stars", 1, 2), ("stars", 2, 2), ("sequences", 1, 1)]


def test_a_rate_of_errors_to_the_first_method_is_in_a_file_with_the_floor(written):
    with written["relative.csv"].open() as file:
        (first, _) = csv.DictReader(file)
    assert (first["size"], first["holes"], first["polynomial"]) == ("1", "4", "1")
    assert 0.3 < float(first["floor"].split()[0]) < 1.3
