"""The header of a simulated frame before it is exposed."""

from __future__ import annotations

from astropy.time import Time

from corinpaint.lasco.simulation.blank import SHUTTER_LAG_S, blank_frame


def test_a_frame_has_its_number_its_date_and_the_bias_of_its_day():
    frame = blank_frame(7, Time("2003-05-01T10:00:00.000", scale="utc"), 19.1)
    assert frame.name == "32000007.fts"
    assert (frame.header["DATE-OBS"], frame.header["TIME-OBS"]) == ("2003/05/01", "10:00:00.000")
    assert frame.header["EXPCMD"] == round(19.1 - SHUTTER_LAG_S)
    assert 300 < frame.header["OFFSET"] < 400
    assert not frame.data.any()
    assert "seed 7: not an observation" in str(frame.header["HISTORY"])
