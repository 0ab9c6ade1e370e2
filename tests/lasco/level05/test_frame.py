"""Reading Level 0.5 frames: what is accepted, and what each defect is called."""

from __future__ import annotations

import contextlib
import gzip
import io
from pathlib import Path

import level05
import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corinpaint.lasco import errors
from corinpaint.lasco.level05.frame import read_frame


def test_a_frame_reads_the_same_from_path_bytes_and_gzip(make_frame, tmp_path):
    raw = make_frame()
    plain, packed = tmp_path / "32082037.fts", tmp_path / "copy.fts.gz"
    plain.write_bytes(raw)
    packed.write_bytes(gzip.compress(raw))
    frames = [read_frame(source) for source in (plain, str(plain), packed, raw)]
    assert all(np.array_equal(frame.data, frames[0].data) for frame in frames)
    assert [frame.number for frame in frames] == ["32082037", "32082037", "copy", "32082037"]
    assert frames[0].data.dtype == np.float32
    assert frames[0].date.isot == "2002-01-08T02:18:05.594"
    assert (frames[0].detector, frames[0].filter, frames[0].polar) == ("C3", "CLEAR", "CLEAR")


def test_filter_and_polariser_are_compared_without_blanks(make_frame):
    assert read_frame(make_frame(POLAR="-60 Deg")).polar == "-60DEG"


@pytest.mark.parametrize(("roll", "upside_down"), [(0.0, False), (180.0, True), (-179.5, True), (90.0, False)])
def test_a_roll_near_180_degrees_means_upside_down(make_frame, roll, upside_down):
    assert read_frame(make_frame(CROTA1=roll)).upside_down is upside_down


def test_a_tab_in_a_history_card_becomes_a_blank(make_frame):
    raw = make_frame().replace(b"offset_bias.pro 1.24", b"offset_bias.pro\t1.24")
    frame = read_frame(raw)
    assert "offset_bias.pro 1.24" in str(frame.header["HISTORY"])
    fits.PrimaryHDU(frame.data, frame.header).writeto(io.BytesIO())


@pytest.mark.parametrize("name", level05.KEYWORDS)
def test_a_bad_keyword_has_its_own_error_that_names_file_and_keyword(name):
    damage, error = level05.KEYWORDS[name]
    with pytest.raises(error, match=name.split()[0]) as caught:
        read_frame(damage(), name="odd.fts")
    assert "odd.fts" in str(caught.value)


def test_a_missing_path_is_an_error_that_names_it(tmp_path):
    with pytest.raises(errors.FrameError, match=r"absent\.fts"):
        read_frame(tmp_path / "absent.fts")


def test_an_official_level_1_file_is_called_level_1(shared: Path):
    with pytest.raises(errors.WrongLevelError, match="already calibrated"):
        read_frame(shared / "c3_level1" / "35082038.fts.gz")


@pytest.mark.slow
def test_every_real_frame_is_accepted(shared):
    for path in sorted(shared.glob("c[23]_level05*/*.fts.gz")):
        assert read_frame(path).number == path.name[:8]


@pytest.mark.slow
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 5759), value=st.binary(min_size=1, max_size=60))
def test_any_damage_to_the_header_is_a_frame_error_or_harmless(make_frame, place, value):
    raw = make_frame()
    with contextlib.suppress(errors.FrameError):
        read_frame(raw[:place] + value + raw[place + len(value) :])
