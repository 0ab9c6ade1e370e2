"""Checks of a Level 0.5 header."""

from __future__ import annotations

import level05
import pytest
from astropy.io import fits

from corinpaint.lasco import calibrate, errors, read_frame
from corinpaint.lasco.level05 import keywords


def test_values_are_compared_in_upper_case_without_blanks():
    assert keywords.without_blanks("-60 Deg ") == "-60DEG"


def test_a_valid_header_gives_the_start_of_the_exposure():
    assert keywords.check_header(fits.Header(level05.CARDS), "good.fts", ("C3",)).isot == "2002-01-08T02:18:05.594"


def test_c1_is_refused_by_name():
    with pytest.raises(errors.WrongInstrumentError, match=r"odd\.fts: DETECTOR = 'C1', but this is for C2 or C3"):
        keywords.check_header(fits.Header({**level05.CARDS, "DETECTOR": "C1"}), "odd.fts", ("C2", "C3"))


@pytest.mark.parametrize("key", level05.REQUIRED)
def test_the_error_names_a_missing_keyword(key):
    cards = {k: v for k, v in level05.CARDS.items() if k != key}
    with pytest.raises(errors.MissingKeywordError, match=key):
        keywords.check_header(fits.Header(cards), "odd.fts", ("C3",))


@pytest.mark.parametrize("value", [True, "5", "nan"])
def test_a_value_that_is_not_a_finite_number_is_refused(value):
    with pytest.raises(errors.BadKeywordError, match="EXPTIME"):
        keywords.finite_number(fits.Header({"EXPTIME": value}), "EXPTIME", "odd.fts")


@pytest.mark.parametrize("key", ["CROTA1", "MID_DATE", "HCOMP_SF", "CRPIX1"])
def test_a_blank_value_of_an_optional_keyword_counts_as_missing(make_frame, key):
    assert calibrate(read_frame(make_frame(**{key: " "}))).header["LEVEL"] == "1.0"


@pytest.mark.parametrize("key", ["LEVEL", "BUNIT", "MID_DATE", "OFFSET", "CRPIX1", "CROTA1"])
def test_an_optional_card_without_a_value_counts_as_missing(key):
    raw = level05.frame_bytes()
    card = f"{key:<8}=".ljust(80).encode()
    place = next((i for i in range(0, 28800, 80) if raw[i : i + 8] == f"{key:<8}".encode()), None)
    if place is None:
        place = raw.index(b"HISTORY ")
    assert len(card) == 80
    assert read_frame(raw[:place] + card + raw[place + 80 :]).detector == "C3"
