"""The report: plain values that say what was done."""

from __future__ import annotations

import json

from corinpaint.lasco.level05.frame import read_frame
from corinpaint.restore import pipeline
from corinpaint.restore.report import report


def test_a_report_is_json_and_lists_blocks_zones_and_weights(make_frame, echo):
    restored = pipeline.restore(read_frame(make_frame(missing=((20, 20), (31, 16)))), inpainter=echo)
    found = json.loads(json.dumps(report(restored)))
    assert found["product"] == "35082037.fits"
    assert found["blocks"]["lost"] == [660, 1008]
    assert found["blocks"]["filled"] == [660]
    assert [zone["filled"] for zone in found["zones"]] == [True, False]
    assert "edge" in found["zones"][1]["reason"]
    assert found["policy"] == "solarsoft"
    assert found["zones"][0]["predicted_error"] is None  # the echo has no scale
    assert found["weights"]["sha256"] == echo.info.sha256
    assert found["calibration"]["kind"] == "NOMINAL"
    assert found["statistics"]["DATAMAX"] > 0


def test_the_same_frame_gives_the_same_report(make_frame, echo):
    frame = read_frame(make_frame(missing=((20, 8),)))
    first, second = (report(pipeline.restore(frame, inpainter=echo)) for _ in range(2))
    assert first == second


def test_names_of_the_first_version_are_kept_beside_the_new_ones(make_frame, echo):
    found = report(pipeline.restore(read_frame(make_frame(missing=((20, 20), (31, 16)))), inpainter=echo))
    assert found["blocks"]["missing"] == found["blocks"]["lost"]
    assert found["counts"] == {"missing": 2, "filled": 1, "refused": 1, "occulted": 0}
    assert found["pixels"]["filled"] == found["pixels"]["lost and filled"] > 900
