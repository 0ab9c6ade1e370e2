"""Bytes to header and image: every kind of damaged file has its own error, and none is decoded before it is weighed."""

from __future__ import annotations

import gzip
import hashlib
import os
import tracemalloc
from contextlib import nullcontext
from pathlib import Path

import hostile
import level05
import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco import errors
from corinpaint.lasco.level05.decoding import content_sha256, decode
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.limits import MAX_FILE_BYTES, MAX_HEADER_BYTES

ROOM = MAX_HEADER_BYTES // 80 - 1
"""Cards that a header may have beside END."""


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
    header, data, label, _ = decode(make_frame(), "good.fts")
    assert (header["DETECTOR"], data.shape, label) == ("C3", (1024, 1024), "good.fts")
    assert data.dtype.kind == "i"
    assert np.array_equal(data, level05.smooth_counts())


def test_the_hash_is_that_of_the_decompressed_file(make_frame, tmp_path):
    raw = make_frame()
    plain, packed = tmp_path / "32082037.fts", tmp_path / "32082037.fts.gz"
    plain.write_bytes(raw)
    packed.write_bytes(gzip.compress(raw, 1))
    wanted = hashlib.sha256(raw).hexdigest()
    assert {decode(path).sha256 for path in (plain, packed)} == {wanted}
    assert {content_sha256(path) for path in (plain, packed)} == {wanted}


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


@pytest.mark.slow
def test_the_largest_file_needs_less_than_100_mib(tmp_path):
    counts = level05.smooth_counts().astype(np.float64)
    raw = hostile.appended(*[b"HISTORY of a long life"] * (ROOM - 40))(level05.frame_bytes(counts))
    raw += np.random.default_rng(0).bytes(MAX_FILE_BYTES - 2**16 - len(raw))
    path = tmp_path / "largest.fts.gz"
    path.write_bytes(gzip.compress(raw, 1))
    del raw
    assert 20 < _peak(path) < 100


def test_bytes_after_the_image_are_not_read():
    raw = level05.small_frame()
    image = fits.ImageHDU(np.zeros((4, 4), np.int16)).header.tostring().encode()
    frame = read_frame(gzip.compress(raw + image * 2000, 1))
    assert np.array_equal(frame.data, read_frame(raw).data)


def test_groups_keyword_without_random_groups_is_ignored():
    raw = hostile.appended(b"PCOUNT  = 99999999", b"GCOUNT  = -5")(level05.small_frame())
    assert np.array_equal(read_frame(raw).data, read_frame(level05.small_frame()).data)


def test_unsigned_integers_are_read():
    raw = level05.frame_bytes(np.full((32, 32), 40000, np.uint16), LEBXSUM=32, LEBYSUM=32)
    assert b"BZERO" in raw
    assert (read_frame(raw).data == 40000).all()


def test_a_pipe_is_refused_without_waiting(tmp_path):
    os.mkfifo(tmp_path / "32082037.fts")
    with pytest.raises(errors.FrameError, match=r"32082037\.fts: not a regular file"):
        decode(tmp_path / "32082037.fts")
