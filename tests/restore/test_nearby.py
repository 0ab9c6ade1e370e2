"""Context that is found by itself."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.timeline import Timeline
from corinpaint.restore import context, nearby
from corinpaint.restore.nearby import AutomaticContext
from corinpaint.restore.pipeline import restore

NOMINAL = load_calibration_set()
MISSING = ((20, 20), (8, 12))


@pytest.fixture
def write(tmp_path, make_frame):
    """Writer of frames that were taken some minutes after 02:18: `write(24)`."""

    def write(minutes: int = 0, name: str = "", **cards):
        hours, minute = divmod(138 + minutes, 60)
        number = f"320820{37 + minutes // 12:02d}"
        path = tmp_path / (name or f"{number}.fts")
        path.write_bytes(make_frame(TIME_OBS=f"{hours:02d}:{minute:02d}:05.594", FILENAME=f"{number}.fts", **cards))
        return path

    return write


def automatic(*paths: Path, **options) -> AutomaticContext:
    return AutomaticContext(Timeline(paths), NOMINAL, **options)


def observed(path: Path):
    return calibrate_on_detector(read_frame(path), NOMINAL)


def test_the_two_nearest_frames_before_and_after_are_taken(write):
    path = write(missing=MISSING)
    for minutes in (-36, -24, -12, 12, 24, 36):
        write(minutes)
    found = automatic(path).of(observed(path))
    assert [one.number for one in found] == ["32082036", "32082038", "32082035", "32082039"]
    assert [round(60 * one.hours) for one in found] == [12, -12, 24, -24]
    assert len(automatic(path, each_side=1).of(observed(path))) == 2


def test_unfit_frames_are_passed_over_and_the_next_is_taken(write, tmp_path):
    path = write(missing=MISSING)
    write(-12, CROTA1=180.0)
    dark = np.zeros((1024, 1024), np.int16)
    dark[512:544, 704:736] = 700
    write(-24, data=dark)
    damaged = write(12)
    damaged.write_bytes(damaged.read_bytes()[:100_000])
    write(24, LP_NUM="Dark")
    write(36), write(-36)
    write(60, name="z.fts", FILTER="Orange")
    (tmp_path / "32082036.fts.gz").write_bytes(b"damaged")
    source = automatic(path)
    found = source.of(observed(path))
    assert [one.number for one in found] == ["32082034", "32082040"]
    reasons = {path.name: reason for path, reason in source.unfit.items()}
    assert "roll differs" in reasons["32082036.fts"]
    assert "in common" in reasons["32082035.fts"]
    assert "truncated" in reasons["32082038.fts"]
    assert "32082039.fts" in reasons


@pytest.mark.slow
def test_other_kinds_are_looked_for_where_the_same_kind_leaves_something_missing(write):
    path = write(missing=MISSING)
    write(-12, missing=MISSING)
    write(-24, POLAR="PB"), write(-72, FILTER="Blue")
    write(12, POLAR="0 Deg"), write(24, FILTER="Blue")
    found = automatic(path).of(observed(path))
    assert [one.number for one in found] == ["32082036", "32082038 32082039"]
    write(36)
    assert [one.number for one in automatic(path).of(observed(path))] == ["32082036", "32082040"]


def test_c3_is_not_taken_for_c2_by_itself(write):
    c2 = write(missing=MISSING, name="22000464.fts", DETECTOR="C2", FILTER="Orange", CRPIX1=511.2, CRPIX2=507.5)
    write(12, name="32000464.fts")
    assert automatic(c2).of(observed(c2)) == ()


def test_a_frame_alone_has_no_context(write):
    path = write(missing=MISSING)
    assert automatic(path).of(observed(path)) == ()


@pytest.mark.slow
def test_each_frame_is_calibrated_once_and_few_are_kept(write, monkeypatch):
    paths = [write(minutes, missing=MISSING) for minutes in range(-36, 48, 12)]
    frames = [observed(path) for path in paths]
    calls = []
    calibrated = nearby.calibrate_on_detector
    monkeypatch.setattr(
        nearby, "calibrate_on_detector", lambda frame, *rest: calls.append(frame.number) or calibrated(frame, *rest)
    )
    source = automatic(*paths)
    for frame in frames:
        source.of(frame)
    assert sorted(calls) == sorted(path.name[:8] for path in paths)
    assert len(source._calibrated._kept) <= nearby.MAX_CALIBRATED


def test_a_file_that_was_replaced_is_read_anew(write):
    path = write(missing=MISSING)
    write(12)
    source = automatic(path)
    (before,) = source.of(observed(path))
    write(12, EXPTIME=25.0)
    (after,) = source.of(observed(path))
    assert before.scale != after.scale


def test_other_files_may_be_served_from_the_same_memory(write):
    path, later = write(missing=MISSING), write(12)
    source = automatic()
    assert source.of(observed(path)) == ()
    served = source.among([path, later])
    assert [one.number for one in served.of(observed(path))] == ["32082038"]
    assert source._calibrated is served._calibrated


@pytest.mark.slow
def test_the_product_is_that_of_the_same_frames_given_by_hand(write, log_polar_echo):
    path = write(missing=MISSING)
    others = [read_frame(write(minutes)) for minutes in (-12, 12)]
    for fill in ("network", "temporal"):
        given, calibrated, found = (
            restore(read_frame(path), fill=fill, inpainter=log_polar_echo, **more).level1
            for more in (
                {"context": others},
                {"context": [calibrate_on_detector(other, NOMINAL) for other in others]},
                {"nearby": automatic(path)},
            )
        )
        assert given.header["CONTEXT"] == found.header["CONTEXT"] == "32082036 32082038"
        assert given.to_bytes() == calibrated.to_bytes()
        assert (given.header["CTXASKED"][:6], found.header["CTXASKED"]) == ("given ", "auto")
        assert np.array_equal(given.data, found.data, equal_nan=True)
        assert np.array_equal(given.uncertainty, found.uncertainty)


@pytest.mark.slow
def test_context_by_hand_and_by_itself_go_together(write, echo):
    path, given = write(missing=MISSING), read_frame(write(24))
    write(12)
    header = restore(read_frame(path), fill="temporal", context=[given], nearby=automatic(path)).level1.header
    assert header["CONTEXT"] == "32082038 32082039"
    assert header["CTXASKED"] == f"auto {context.asked([given])}"
    assert restore(read_frame(path), inpainter=echo, nearby=automatic(path)).level1.header["CONTEXT"] == "none"


@pytest.mark.slow
def test_frames_with_nothing_to_fill_from_context_are_served_none(write, echo, log_polar_echo, monkeypatch):
    complete, edge, holed = write(), write(12, missing=((31, 16),)), write(24, missing=MISSING)
    monkeypatch.setattr(AutomaticContext, "of", lambda *_: pytest.fail("was asked"))
    source = automatic(complete)
    for path, fill, engine in (
        (complete, "network", log_polar_echo),
        (edge, "network", log_polar_echo),
        (holed, "harmonic", None),
        (holed, "none", None),
        (holed, "network", echo),
    ):
        header = restore(read_frame(path), fill=fill, inpainter=engine, nearby=source).level1.header
        assert (header["CTXASKED"], header["CONTEXT"]) == ("auto", "none")


def test_a_temporal_fill_without_any_context_is_refused_zone_by_zone(write):
    path = write(missing=MISSING)
    zones = restore(read_frame(path), fill="temporal", nearby=automatic(path)).zones
    assert {zone.refused for zone in zones} == {"too little is observed in the context for temporal"}


UNKNOWN = {"DATE_OBS": "2025/08/25", "MID_DATE": 60912}
C2 = {"DETECTOR": "C2", "FILTER": "Orange", **UNKNOWN, "CROTA1": 0.0, "CROTA2": 0.0, "CRPIX1": 512.5, "CRPIX2": 512.5}


@pytest.mark.slow
def test_a_frame_without_a_pointing_takes_its_roll_from_the_frames_around_it(write):
    path = write(name="24000464.fts", missing=MISSING, **C2)
    write(12, name="24000465.fts", **C2)
    write(60, name="34000002.fts", CROTA1=-178.0, **UNKNOWN)
    restored = restore(read_frame(path), fill="temporal", nearby=automatic(path))
    header = restored.level1.header
    assert "borrowed from 34000002.fts" in header["POINTSRC"]
    assert header["RECTIFY"] == pytest.approx(180 + 2.0 - 0.23 + 0.732)
    assert restored.counts.filled == 2
    assert automatic(path).roll_from(read_frame(path))[0].name == "34000002.fts"
    assert automatic().roll_from(read_frame(path)) == ()
