"""The cards of a header: whatever they hold is read in bounded time, and what is kept can be written."""

from __future__ import annotations

import io

import hostile
import level05
import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco import calibrate, errors
from corinpaint.lasco.level05 import cards
from corinpaint.lasco.level05.decoding import decode
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.limits import MAX_HEADER_BYTES

ROOM = MAX_HEADER_BYTES // 80 - 1
"""Cards that a header may have beside END."""

FULL = {
    "plain cards": b"K%07d= %d",
    "lower-case cards": b"k%07d= %d",
    "text with colons": b"K%07d= 'a: %d b'",
    "record-valued cards": b"DP%06d= 'AXIS.1: %d'",
    "hierarchical keywords": b"HIERARCH ESO A%07d= %d",
    "quotes that never close": b"K%07d= " + b"'" * 65 + b"%d",
    "quotes and blanks": b"K%07d= " + b"' " * 30 + b"%d",
    "digits": b"K%07d= " + b"9" * 60 + b"%d",
    "signs and zeros": b"K%07d= + - " + b"0" * 50 + b" %d",
    "infinite values": b"K%07d= 1e999%d",
    "bytes that are not ASCII": b"K%07d= '\xff\xfe\x00%d'",
    "values without a keyword": b"K%07d %d",
    "undefined values": b"K%07d=          / %d",
    "END beside its place": b"K%07d= 'END END END END END END END END END END END END END END' / %d",
}
"""Cards of which a header may be full; each is formatted with its number, twice."""


@pytest.mark.slow
@pytest.mark.timeout(120)  # 0.01 to 0.3 s on an idle machine; before the reader was bounded, minutes
@pytest.mark.parametrize("name", FULL)
def test_a_header_of_maximum_size_does_not_block_the_reader(name):
    own, _ = hostile.split(level05.small_frame())
    raw = hostile.appended(*[FULL[name] % (n, n) for n in range(ROOM - len(own))])(level05.small_frame())
    frame = read_frame(raw)
    assert frame.data.shape == (32, 32)


def test_a_header_with_one_card_more_than_the_maximum_is_too_large():
    own, _ = hostile.split(level05.small_frame())
    more = [b"COMMENT"] * (ROOM + 1 - len(own))
    assert len(read_frame(hostile.appended(*more[:-1])(level05.small_frame())).header) == ROOM
    with pytest.raises(errors.TooLargeError, match="no END card"):
        read_frame(hostile.appended(*more)(level05.small_frame()))


def test_the_first_card_of_a_repeated_keyword_is_used():
    frame = read_frame(hostile.appended(b"NAXIS1  = 100000000", b"EXPTIME = 1e9")(level05.small_frame()))
    assert frame.exptime == level05.CARDS["EXPTIME"]
    assert list(frame.header).count("EXPTIME") == 1


def test_a_value_that_cannot_be_parsed_stays_as_text_that_can_be_written():
    raw = hostile.appended(b"DATAMAX = 1e999 / beyond", b"DATAAVG = nan", b"lower   =  7", b"TEXT    = 'Z\xfcrich\t'")
    frame = read_frame(raw(level05.small_frame()))
    assert [frame.header[key] for key in ("DATAMAX", "DATAAVG", "LOWER", "TEXT")] == ["1e999", "nan", 7, "Z rich"]
    with fits.open(io.BytesIO(calibrate(frame).to_bytes())) as hdus:
        hdus.verify("exception")
        assert hdus[0].header["TEXT"] == "Z rich"


def test_a_value_continued_over_several_cards_is_joined():
    more = [b"LONG    = 'first, &'", b"CONTINUE  'second &'", b"CONTINUE  'and third' / words"]
    header = read_frame(hostile.appended(*more, b"AFTER   = 1")(level05.small_frame())).header
    assert (header["LONG"], header["AFTER"]) == ("first, second and third", 1)


def test_the_cards_of_a_real_header_are_those_that_astropy_reads(real_frames):
    for path in real_frames:
        header, data, *_ = decode(path)
        with fits.open(path) as hdus:
            for card in hdus[0].header.cards:
                if card.keyword not in ("HISTORY", "COMMENT", ""):
                    assert (header[card.keyword], header.comments[card.keyword]) == (card.value, card.comment)
            history = [cards.printable(line) for line in hdus[0].header["HISTORY"]]
            assert list(header["HISTORY"]) == history
            assert np.array_equal(data, hdus[0].data)
