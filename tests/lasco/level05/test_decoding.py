"""Bytes to header and image: every kind of damaged file has its own error, and none is decoded before it is weighed."""

from __future__ import annotations

import gzip
import io
import os
import time
import tracemalloc
from contextlib import nullcontext
from pathlib import Path

import hostile
import level05
import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco import calibrate, errors
from corinpaint.lasco.level05 import cards
from corinpaint.lasco.level05.decoding import decode
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.limits import MAX_FILE_BYTES, MAX_HEADER_BYTES

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


@pytest.mark.parametrize("name", [*level05.STRUCTURE, *level05.HARMFUL])
def test_a_damaged_file_has_its_own_error_that_names_it(name):
    damage, error = level05.ALL[name]
    with pytest.raises(error, match=r"odd\.fts"):
        read_frame(damage(), name="odd.fts")


@pytest.mark.parametrize("name", [*level05.STRUCTURE, *level05.KEYWORDS, *level05.HARMFUL])
def test_every_refusal_says_what_is_wrong_and_what_to_do(name):
    with pytest.raises(errors.FrameError) as refused:
        read_frame(level05.ALL[name][0](), name="odd.fts")
    what, _, remedy = str(refused.value).removeprefix("odd.fts: ").rpartition("; ")
    assert what
    assert remedy.split()[0] in {"give", "fetch", "decompress", "compress", "check"}
    assert len(str(refused.value)) < 500


def test_more_than_a_hundred_kinds_of_damage_are_tested():
    assert len(level05.ALL) >= 120


def test_a_good_file_gives_header_image_and_label(make_frame):
    header, data, label = decode(make_frame(), "good.fts")
    assert (header["DETECTOR"], data.shape, label) == ("C3", (1024, 1024), "good.fts")
    assert data.dtype.kind == "i"
    assert np.array_equal(data, level05.smooth_counts())


def test_a_declared_size_of_a_hundred_gigabytes_allocates_no_memory():
    damage, _ = level05.STRUCTURE["100 GB declared"]
    raw = damage()
    assert _peak(raw, errors.TooLargeError) < 5


@pytest.mark.parametrize("name", hostile.BOMBS)
def test_a_gzip_bomb_needs_no_more_memory_than_the_largest_file(name):
    damage, error = level05.HARMFUL[name]
    assert _peak(damage(), error) < 60


def _peak(source: bytes | Path, error: type[errors.FrameError] | None = None) -> float:
    """Most memory that reading takes, MiB."""
    tracemalloc.start()
    try:
        with pytest.raises(error) if error else nullcontext():
            read_frame(source)
        return tracemalloc.get_traced_memory()[1] / 2**20
    finally:
        tracemalloc.stop()


def test_the_largest_file_needs_less_than_100_mib(tmp_path):
    counts = level05.smooth_counts().astype(np.float64)
    raw = hostile.appended(*[b"HISTORY of a long life"] * (ROOM - 40))(level05.frame_bytes(counts))
    raw += np.random.default_rng(0).bytes(MAX_FILE_BYTES - 2**16 - len(raw))
    path = tmp_path / "largest.fts.gz"
    path.write_bytes(gzip.compress(raw, 1))
    del raw
    assert 20 < _peak(path) < 100


@pytest.mark.parametrize("name", FULL)
def test_a_header_of_maximum_size_is_read_quickly(name):
    cards, _ = hostile.split(level05.small_frame())
    raw = hostile.appended(*[FULL[name] % (n, n) for n in range(ROOM - len(cards))])(level05.small_frame())
    start = time.perf_counter()
    frame = read_frame(raw)
    assert time.perf_counter() - start < 2  # 0.01 to 0.3 s as a rule
    assert frame.data.shape == (32, 32)


def test_a_header_with_one_card_more_than_the_maximum_is_too_large():
    cards, _ = hostile.split(level05.small_frame())
    more = [b"COMMENT"] * (ROOM + 1 - len(cards))
    assert len(read_frame(hostile.appended(*more[:-1])(level05.small_frame())).header) == ROOM
    with pytest.raises(errors.TooLargeError, match="no END card"):
        read_frame(hostile.appended(*more)(level05.small_frame()))


def test_bytes_after_the_image_are_not_read():
    raw = level05.small_frame()
    image = fits.ImageHDU(np.zeros((4, 4), np.int16)).header.tostring().encode()
    frame = read_frame(gzip.compress(raw + image * 2000, 1))
    assert np.array_equal(frame.data, read_frame(raw).data)


def test_groups_keyword_without_random_groups_is_ignored():
    raw = hostile.appended(b"PCOUNT  = 99999999", b"GCOUNT  = -5")(level05.small_frame())
    assert np.array_equal(read_frame(raw).data, read_frame(level05.small_frame()).data)


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


def test_unsigned_integers_are_read():
    raw = level05.frame_bytes(np.full((32, 32), 40000, np.uint16), LEBXSUM=32, LEBYSUM=32)
    assert b"BZERO" in raw
    assert (read_frame(raw).data == 40000).all()


def test_the_cards_of_a_real_header_are_those_that_astropy_reads(real_frames):
    for path in real_frames:
        header, data, _ = decode(path)
        with fits.open(path) as hdus:
            for card in hdus[0].header.cards:
                if card.keyword not in ("HISTORY", "COMMENT", ""):
                    assert (header[card.keyword], header.comments[card.keyword]) == (card.value, card.comment)
            history = [cards.printable(line) for line in hdus[0].header["HISTORY"]]
            assert list(header["HISTORY"]) == history
            assert np.array_equal(data, hdus[0].data)


def test_a_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "32082037.fts")
    with pytest.raises(errors.FrameError, match=r"32082037\.fts: not a regular file"):
        decode(tmp_path / "32082037.fts")
