"""`corinpaint report`, and `--report` of a run."""

from __future__ import annotations

import json

import pytest

from corinpaint.cli.archives.report import command_line


@pytest.fixture
def products(run, frame_path, tmp_path):
    """A folder with the product of a frame, and the log of a frame that failed."""
    (frame_path.parent / "32000009.fts").write_bytes(b"not FITS")
    run("restore", frame_path.parent, "-o", tmp_path / "out", "--log-json", tmp_path / "log.json", "-j", 1)
    return tmp_path / "out"


def test_a_folder_of_products_becomes_pages(run, products, tmp_path):
    done = run("report", products, "--log", tmp_path / "log.json", "-o", tmp_path / "pages")
    assert done.exit_code == 0, done.output
    assert "2 frames; pages: 1 made, 0 kept" in done.output
    assert "32000009.fts: not a FITS file" in done.output.replace("\n", " ")
    assert (tmp_path / "pages" / "index.html").is_file()
    again = run("report", products, "--log", tmp_path / "log.json", "-o", tmp_path / "pages")
    assert "pages: 0 made, 1 kept" in again.output


def test_errors_are_one_line(run, products, tmp_path):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").write_text("x")
    for words, said in (
        (("report", tmp_path / "absent"), "is no folder"),
        (("report", products, "--log", tmp_path / "absent"), "cannot be read"),
        (("report", products, "-o", tmp_path / "full"), "something else than a report"),
    ):
        done = run(*words)
        assert (done.exit_code, said in done.output) == (1, True), done.output


def test_a_run_makes_the_report_of_its_own_products(run, frame_path, tmp_path):
    (frame_path.parent / "32000009.fts").write_bytes(b"not FITS")
    done = run("restore", frame_path.parent, "-o", tmp_path / "out", "--report", "--json", "-j", 1)
    assert done.exit_code == 1  # a frame failed
    assert done.output.count("not a FITS file") == 1
    (entry,) = (tmp_path / "out" / "report" / "frames").glob("*/entry.json")
    found = json.loads(entry.read_text())["entry"]
    assert (found["fate"], found["filled"], found["zones"]) == ("made", 1, {"network": 1})
    assert not list(tmp_path.glob("dry/report"))
    run("restore", frame_path, "-o", tmp_path / "dry", "--report", "--dry-run")
    assert not (tmp_path / "dry").exists()


def test_the_command_is_shown_without_the_folder_of_the_program():
    assert command_line(["/usr/bin/corinpaint", "report", "a b"]) == "corinpaint report 'a b'"
    assert command_line(["/x/cli/main.py", "report"]) == "corinpaint report"
