"""An inspection: what a file holds and what would be filled, before anything is."""

from __future__ import annotations

import json

import level05
import pytest

from corinpaint.lasco.errors import UnsupportedFrameError
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore.inspection import inspect


@pytest.fixture
def look(tmp_path):
    def inspected(content: bytes):
        path = tmp_path / "32082037.fts"
        path.write_bytes(content)
        return json.loads(json.dumps(inspect(path, load_calibration_set())))

    return inspected


def test_an_inspection_says_what_would_be_filled(make_frame, look):
    found = look(make_frame(missing=((20, 20), (31, 16))))
    assert found["lost"] == 2
    assert found["never_sent"] == 99
    assert [zone["verdict"][:7] for zone in found["zones"]] == ["can be ", "refused"]
    assert [zone["blocks"] for zone in found["zones"]] == [[660], [1008]]
    assert "edge" in found["zones"][1]["verdict"]


def test_an_inspection_says_what_was_observed_and_how_it_would_be_calibrated(make_frame, look):
    found = look(make_frame(CROTA1=180.0))
    assert found["telescope"] == "SOHO LASCO C3, CLEAR/CLEAR"
    assert found["date_obs"] == "2002-01-08T02:18:05.594"
    assert (found["exposure_s"], found["bias_source"]) == (19.1, "offset_bias, port C")
    assert found["bias_dn"] == pytest.approx(level05.BIAS)
    assert (found["calibration"], found["turned"]) == ("NOMINAL", True)
    assert (found["lost"], found["zones"]) == (0, [])


def test_saturated_pixels_are_counted(make_frame, look):
    counts = level05.smooth_counts()
    counts[600, 700:710] = 12500
    assert look(make_frame(counts))["saturated_px"] == look(make_frame())["saturated_px"] + 10


def test_a_frame_that_cannot_be_calibrated_is_refused_by_name(make_frame, look):
    with pytest.raises(UnsupportedFrameError, match=r"32082037\.fts: .*DARK"):
        look(make_frame(LP_NUM="Dark"))


def test_names_of_the_first_version_are_kept_beside_the_new_ones(make_frame, look):
    found = look(make_frame(missing=((20, 20),), CROTA1=180.0))
    assert found["missing"] == found["lost"] == 1
    assert found["upside_down"] is found["turned"] is True
    assert found["zones"][0]["decision"] == found["zones"][0]["verdict"] == "can be filled"
