"""Reading Level 0.5 frames: what is accepted, and what each defect is called."""

from __future__ import annotations

import contextlib
import gzip
import io
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corinpaint.lasco import errors
from corinpaint.lasco.frame import read_frame


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


@pytest.mark.parametrize(("roll", "turned"), [(0.0, False), (180.0, True), (-179.5, True), (90.0, False)])
def test_a_roll_near_180_degrees_is_seen(make_frame, roll, turned):
    assert read_frame(make_frame(CROTA1=roll)).turned is turned


def test_a_tab_in_a_history_card_survives_as_a_blank(make_frame):
    raw = make_frame().replace(b"offset_bias.pro 1.24", b"offset_bias.pro\t1.24")
    frame = read_frame(raw)
    assert "offset_bias.pro 1.24" in str(frame.header["HISTORY"])
    fits.PrimaryHDU(frame.data, frame.header).writeto(io.BytesIO())


KEYWORD_DEFECTS = [
    ({"TELESCOP": "STEREO"}, errors.WrongInstrumentError, "TELESCOP"),
    ({"INSTRUME": "EIT"}, errors.WrongInstrumentError, "INSTRUME"),
    ({"DETECTOR": "C2"}, errors.WrongInstrumentError, "DETECTOR"),
    ({"EXPTIME": 0.0}, errors.BadKeywordError, "EXPTIME"),
    ({"EXPTIME": -3.0}, errors.BadKeywordError, "EXPTIME"),
    ({"EXPTIME": "long"}, errors.BadKeywordError, "EXPTIME"),
    ({"EXPTIME": 1e9}, errors.BadKeywordError, "EXPTIME"),
    ({"DATE_OBS": "yesterday"}, errors.BadKeywordError, "DATE-OBS"),
    ({"DATE_OBS": "1965/01/01"}, errors.BadKeywordError, "DATE-OBS"),
    ({"DATE_OBS": "2002/13/40"}, errors.BadKeywordError, "DATE-OBS"),
    ({"TIME_OBS": "noon"}, errors.BadKeywordError, "TIME-OBS"),
    ({"SUMCOL": 2}, errors.UnsupportedFrameError, "SUMCOL"),
    ({"LEBXSUM": 2}, errors.UnsupportedFrameError, "LEBXSUM"),
    ({"SUMCOL": "two"}, errors.BadKeywordError, "SUMCOL"),
    ({"R1COL": 100}, errors.UnsupportedFrameError, "R1COL"),
    ({"CRPIX1": "left"}, errors.BadKeywordError, "CRPIX1"),
    ({"OFFSET": "none"}, errors.BadKeywordError, "OFFSET"),
    ({"LEVEL": "1.0"}, errors.WrongLevelError, "Level 0.5"),
    ({"BUNIT": "MSB"}, errors.WrongLevelError, "BUNIT"),
]


@pytest.mark.parametrize(("cards", "error", "named"), KEYWORD_DEFECTS)
def test_a_bad_keyword_has_its_own_error_that_names_it(make_frame, cards, error, named):
    with pytest.raises(error, match=named) as caught:
        read_frame(make_frame(**cards), name="odd.fts")
    assert "odd.fts" in str(caught.value)


@pytest.mark.parametrize(
    "key",
    ["TELESCOP", "INSTRUME", "DETECTOR", "FILTER", "POLAR", "EXPTIME", "READPORT", "DATE-OBS", "SUMCOL", "R1COL"],
)
def test_a_missing_keyword_is_named(make_frame, key):
    with pytest.raises(errors.MissingKeywordError, match=key):
        read_frame(make_frame(drop=(key,)))


def _hdu(data: np.ndarray | None) -> bytes:
    buffer = io.BytesIO()
    fits.PrimaryHDU(data).writeto(buffer)
    return buffer.getvalue()


STRUCTURE_DEFECTS = [
    ("empty", lambda _: b"", errors.NotFitsError),
    ("text", lambda _: b"<html>404 Not Found</html>", errors.NotFitsError),
    ("png", lambda _: b"\x89PNG\r\n\x1a\n" + bytes(3000), errors.NotFitsError),
    ("no end card", lambda raw: raw[:400], errors.TruncatedError),
    ("header without data", lambda raw: raw[:5760], errors.TruncatedError),
    ("half of the image", lambda raw: raw[: len(raw) // 2], errors.TruncatedError),
    ("damaged gzip", lambda raw: gzip.compress(raw)[:200] + bytes(3000), errors.TruncatedError),
    ("cut gzip", lambda raw: gzip.compress(raw)[:-4000], errors.TruncatedError),
    ("gzip bomb", lambda _: gzip.compress(bytes(200 * 2**20), 1), errors.TooLargeError),
    ("no image", lambda _: _hdu(None), errors.NoImageError),
    ("8-bit picture", lambda _: _hdu(np.zeros((1024, 1024), np.uint8)), errors.WrongTypeError),
    ("cube", lambda _: _hdu(np.zeros((2, 64, 64), np.int16)), errors.WrongShapeError),
    (
        "absurd size",
        lambda raw: raw.replace(b"NAXIS1  =                 1024", b"NAXIS1  =           1000000000"),
        errors.TooLargeError,
    ),
    (
        "absurd axes",
        lambda raw: raw.replace(b"NAXIS   =                    2", b"NAXIS   =                  999"),
        errors.FrameError,
    ),
    (
        "negative size",
        lambda raw: raw.replace(b"NAXIS1  =                 1024", b"NAXIS1  =                -1024"),
        errors.FrameError,
    ),
    ("header of comments", lambda _: b"SIMPLE  =                    T".ljust(80) + b" " * 400000, errors.TooLargeError),
]


@pytest.mark.parametrize(("damage", "error"), [d[1:] for d in STRUCTURE_DEFECTS], ids=[d[0] for d in STRUCTURE_DEFECTS])
def test_a_damaged_file_has_its_own_error(make_frame, damage, error):
    with pytest.raises(error, match=r"odd\.fts"):
        read_frame(damage(make_frame()), name="odd.fts")


def test_a_frame_of_another_size_is_refused(make_frame):
    with pytest.raises(errors.WrongShapeError, match="512 x 512"):
        read_frame(make_frame(np.ones((512, 512), np.int16)))


def test_nan_is_refused_with_its_count(make_frame):
    data = np.ones((1024, 1024), np.float32)
    data[3, 4] = np.nan
    with pytest.raises(errors.NotFiniteError, match="1 pixels"):
        read_frame(make_frame(data))


def test_a_frame_of_zeros_is_refused(make_frame):
    with pytest.raises(errors.NoImageError, match="every block is lost"):
        read_frame(make_frame(np.zeros((1024, 1024), np.int16)))


def test_a_missing_path_is_an_error_that_names_it(tmp_path):
    with pytest.raises(errors.FrameError, match=r"absent\.fts"):
        read_frame(tmp_path / "absent.fts")


def test_an_official_level_1_file_is_called_level_1(shared: Path):
    with pytest.raises(errors.WrongLevelError, match="already calibrated"):
        read_frame(shared / "c3_level1" / "35082038.fts.gz")


def test_every_real_frame_is_accepted(real_frames):
    for path in real_frames:
        assert read_frame(path).number == path.name[:8]


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.integers(0, 5759), value=st.binary(min_size=1, max_size=60))
def test_any_damage_to_the_header_is_a_frame_error_or_harmless(make_frame, place, value):
    raw = make_frame()
    with contextlib.suppress(errors.FrameError):
        read_frame(raw[:place] + value + raw[place + len(value) :])
