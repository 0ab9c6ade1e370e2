"""Zones and provenance are read back from the header of a product as they were written."""

from __future__ import annotations

import pytest
from astropy.io import fits

import corinpaint
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.compression import COMPRESSIONS
from corinpaint.lasco.level1.header import add_history
from corinpaint.lasco.notebook import history


@pytest.fixture(scope="module")
def restored(make_frame):
    """A zone that is filled and one that is refused, at the edge of the frame."""
    return corinpaint.restore(read_frame(make_frame(missing=((20, 8), (20, 9), (0, 16)))), fill="harmonic")


@pytest.mark.slow
@pytest.mark.parametrize("compress", COMPRESSIONS)
def test_zones_and_provenance_are_those_that_were_written(restored, compress, tmp_path):
    found = corinpaint.read_level1(restored.level1.write(tmp_path, compress=compress))
    assert len(found.zones) == len(restored.zones) == 2
    for zone, record in zip(found.zones, restored.zones, strict=True):
        assert (zone.number, zone.count, zone.method) == (record.zone.number, record.count, record.method)
        assert (zone.refused, zone.context) == (record.refused, record.context)
        assert zone.error == (None if record.error is None else pytest.approx(record.error, abs=0.005))
        if record.total_error is not None:
            assert zone.total == pytest.approx(record.total, rel=1e-3)
            assert zone.total_error == pytest.approx(record.total_error, rel=0.05)
            assert zone.pixels == record.pixels
    assert any(zone.refused for zone in found.zones)
    assert found.provenance["fill"] == "harmonic"
    assert found.provenance["calibration"] == "NOMINAL"
    assert found.provenance["level05_sha256"] == restored.frame.sha256
    assert "nominal_mask.fits" in found.provenance["files"]
    assert ("compression" in found.provenance) == (compress != "none")


def test_long_lines_are_joined_and_lines_of_others_are_not_read():
    header = fits.Header()
    header["HISTORY"] = "Zone 9, 9 missing blocks: filled by somebody else"
    assert history.zones(header) == ()
    header["HISTORY"] = "CorInpaint 1.0: Level 0.5 file x.fts"
    header["HISTORY"] = "Zone 1, 2 missing blocks: filled by network, measured error 1.14 x"
    header["HISTORY"] = "noise, context 22000001 22000002, 2048 px on the detector sum to 1.5e-06"
    header["HISTORY"] = "+- 2e-09 MSB"
    header["HISTORY"] = "Zone 2, 40 missing blocks: refused: 40 missing blocks, more than 16"
    header["HISTORY"] = "Compressed without loss: GZIP_2 in tiles of 64 rows"
    first, second = history.zones(header)
    assert first == history.ZoneHistory(1, 2, "", "network", 1.14, ("22000001", "22000002"), 2048, 1.5e-06, 2e-09)
    assert second == history.ZoneHistory(2, 40, refused="40 missing blocks, more than 16")
    assert history.provenance(fits.Header()) == {}


def test_what_a_difference_adds_is_no_part_of_the_last_zone():
    header = fits.Header()
    header["HISTORY"] = "CorInpaint 1.0: Level 0.5 file x.fts"
    header["HISTORY"] = "Zone 1, 2 missing blocks: filled by radial, 2048 px on the detector sum to"
    header["HISTORY"] = "1.5e-06 +- 2e-09 MSB"
    header["HISTORY"] = "Subtracted 35000001.fits (running), aligned by sun centre to whole pixels"
    assert history.zones(header) == (history.ZoneHistory(1, 2, "", "radial", None, (), 2048, 1.5e-06, 2e-09),)


def test_broken_warnings_are_joined_and_what_follows_is_none():
    long = "the pointing is unknown, and this sentence is long enough that HISTORY breaks it between words, twice"
    lines = [
        "Warning: of another program",
        "CorInpaint 1.0: Level 0.5 file x.fts",
        f"Warning: {long}",
        "Warning: a short one",
        "Zone 1, 2 missing blocks: refused: touches the edge of the frame",
    ]
    header = fits.Header()
    add_history(header, lines)
    assert len(header["HISTORY"]) > len(lines)
    assert history.warnings(header) == (long, "a short one")
    assert history.warnings(fits.Header()) == ()
