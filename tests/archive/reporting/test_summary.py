"""What a report says first."""

from __future__ import annotations

from collections import Counter

from corinpaint.archive.reporting.entries import Entry, damaged
from corinpaint.archive.reporting.summary import lines, totals

ENTRIES = [
    Entry(
        "a",
        "a",
        date="2002-01-02",
        detector="C3",
        missing=3,
        filled=2,
        refused=1,
        zones={"network": 2},
        reasons=("edge",),
    ),
    Entry("b", "b", date="2002-01-01", detector="C2", warnings=("x",), weights="ab" * 32),
    damaged("c", "cut off"),
]


def test_frames_blocks_and_zones_are_counted():
    found = totals(ENTRIES)
    assert (found.frames, found.failed, found.with_missing, found.with_refused, found.with_warnings) == (3, 1, 1, 1, 1)
    assert (found.first, found.last) == ("2002-01-01", "2002-01-02")
    assert found.detectors == {"C3": 1, "C2": 1}
    assert found.reasons == {"edge": 1}


def test_the_totals_in_words():
    told = dict(lines(totals(ENTRIES), "corinpaint report x", Counter({"frames": 2})))
    assert told["Missing blocks"] == "3: 2 filled, 1 refused, 0 occulted"
    assert told["Zones refused because"] == "edge: in 1 frame"
    assert told["Weights"] == "none: 1; abababababab: 1"
    assert (told["Passed over"], told["Command"]) == ("frames: 2", "corinpaint report x")
    assert dict(lines(totals([]), "", Counter()))["Time"] == "unknown"
