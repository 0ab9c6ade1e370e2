"""A report of a folder: made once, brought up to date, and honest about what is damaged."""

from __future__ import annotations

import threading

import pytest

from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.archive.reporting.make import make_report
from corinpaint.lasco.errors import OutputError


def state(report):
    return {path: (path.stat().st_mtime_ns, path.read_bytes()) for path in report.rglob("*") if path.is_file()}


def test_only_pages_of_changed_products_are_made_again(folder, make_product):
    first = make_report(folder)
    assert (first.made, first.kept, len(first.entries)) == (2, 0, 2)
    before = state(folder / "report")
    again = make_report(folder)
    assert (again.made, again.kept) == (0, 2)
    assert state(folder / "report") == before
    make_product(OBJECT="other").write(folder, overwrite=True)
    assert make_report(folder).made == 1
    (folder / "later" / "35000002.fits").unlink()
    assert make_report(folder).removed == 1


def test_damaged_products_and_failed_frames_are_listed_with_their_reasons(folder, make_frame):
    (folder / "35000003.fits").write_bytes((folder / "35000001.fits").read_bytes()[:100_000])
    (folder / "32000001.fts").write_bytes(make_frame())
    outcome = Outcome("32000009.fts", Fate.FAILED, what="cut off")
    made = Outcome("32000001.fts", Fate.MADE, str(folder / "35000001.fits"), seconds=1.5)
    report = make_report(folder, outcomes=[outcome, made])
    assert sorted((one.number, one.fate) for one in report.failed) == [("32000009", "failed"), ("35000003", "damaged")]
    assert all(one.reasons for one in report.failed)
    assert report.passed_over == {"frames of Level 0.5": 1}
    (entry,) = (one for one in report.entries if one.number == "35000001")
    assert (entry.fate, entry.seconds, entry.filled, entry.refused, entry.occulted) == ("made", 1.5, 1, 2, 1)
    assert "cut off" in "".join(path.read_text() for path in (folder / "report" / "data").glob("page-*.js"))


def test_the_products_of_a_run_alone(folder):
    report = make_report(folder, of=[folder / "35000001.fits"])
    assert [one.file for one in report.entries] == ["35000001.fits"]


def test_a_stopped_report_is_usable_and_goes_on(folder):
    stop = threading.Event()
    first = make_report(folder, stop=stop, progress=lambda *_: stop.set())
    assert first.made == 1
    assert "Report of 1 frames" in first.index.read_text()
    assert (make_report(folder).made, make_report(folder).kept) == (1, 2)


def test_a_page_that_cannot_be_written_is_an_error(folder):
    (folder / "report").write_text("a file")
    with pytest.raises(OutputError):
        make_report(folder)


@pytest.mark.slow
def test_several_processes_make_the_same_pages(folder, tmp_path):
    make_report(folder, tmp_path / "one")
    make_report(folder, tmp_path / "two", processes=2)
    names = [
        {path.relative_to(where): path.read_bytes() for path in where.rglob("*") if path.is_file()}
        for where in (tmp_path / "one", tmp_path / "two")
    ]
    assert names[0] == names[1]
