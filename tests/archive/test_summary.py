"""What a run did, for people and for programs."""

from __future__ import annotations

import pytest

from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.archive.summary import MAX_FILES, Summary, duration


@pytest.fixture
def summary():
    found = Summary()
    for outcome in (
        Outcome("a.fts", Fate.MADE, "pa.fits", 5, 3, 1, 1, reasons=("touches the edge",), warnings=("dark",)),
        Outcome("b.fts", Fate.REMADE, "pb.fits", 2, 2),
        Outcome("c.fts", Fate.THERE, "pc.fits"),
        Outcome("d.fts", Fate.STALE, "pd.fits"),
        Outcome("e.fts", Fate.FAILED, code="truncated", what="e.fts: ends early", remedy="fetch it again"),
        Outcome("f.fts", Fate.SET_ASIDE, code="worker_died", what="f.fts: ended its process"),
    ):
        found.add(outcome)
    return found


def test_text_names_frames_blocks_reasons_and_failures(summary):
    assert list(summary.lines(4.0)) == [
        "6 frames: 1 made, 1 made anew, 1 there already, 1 made in another way and left, 1 failed, 1 set aside; "
        "4.0 s, 0.5 frames/s",
        "7 missing blocks: 5 filled, 1 refused, 1 occulted",
        "Refused in 1 frame: touches the edge",
        "Failed (truncated), 1 file: e.fts",
        "Failed (worker_died), 1 file: f.fts",
    ]


def test_json_has_every_failure_with_its_remedy(summary):
    values = summary.to_dict(4.0)
    assert values["frames"] == {
        "made": 1, "remade": 1, "there": 1, "stale": 1, "failed": 1, "set_aside": 1, "all": 6,
    }  # fmt: skip
    assert values["blocks"] == {"missing": 7, "filled": 5, "refused": 1, "occulted": 1}
    assert values["failures"]["truncated"] == [
        {"file": "e.fts", "what": "e.fts: ends early", "remedy": "fetch it again"}
    ]
    assert (values["seconds"], values["frames_with_warnings"]) == (4.0, 1)
    assert values["refused_because"] == {"touches the edge": 1}


def test_many_failures_are_counted_and_the_first_are_named():
    summary = Summary()
    for number in range(MAX_FILES + 3):
        summary.add(Outcome(f"{number}.fts", Fate.FAILED, code="not_fits"))
    line = list(summary.lines(1.0))[-1]
    assert line.startswith(f"Failed (not_fits), {MAX_FILES + 3} files: 0.fts, 1.fts")
    assert line.endswith(f"{MAX_FILES - 1}.fts and 3 more")


def test_a_run_without_frames_says_so():
    assert list(Summary().lines(0.0)) == ["0 frames: nothing done; 0.0 s"]


@pytest.mark.parametrize(
    ("seconds", "text"), [(1.23, "1.2 s"), (42.4, "42 s"), (200, "3:20 min"), (7500, "2:05 h"), (3599.9, "1:00 h")]
)
def test_times_read_as_people_write_them(seconds, text):
    assert duration(seconds) == text


def test_a_frame_with_two_zones_refused_alike_counts_once():
    found = Summary()
    for number, counts in ((1, (17, 20)), (2, (64,))):
        reasons = tuple(f"{count} missing blocks, more than 16" for count in counts)
        found.add(Outcome(f"{number}.fts", Fate.MADE, "p.fits", 40, 3, 37, reasons=reasons))
    assert found.reasons == {"more than 16 missing blocks": 2}
