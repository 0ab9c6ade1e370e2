"""Decompression within the limits of a frame: the same bytes as before, or an error that names the compression."""

from __future__ import annotations

import bz2
import contextlib
import gzip
import lzma
import tracemalloc

import level05
import lzw
import numpy as np
import pytest

from corinpaint.lasco import decompression, errors
from corinpaint.lasco.decompression import beginning, compression_of, decompress
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.limits import MAX_FILE_BYTES

ENCODERS = {"gzip": gzip.compress, "bzip2": bz2.compress, "xz": lzma.compress, "compress": lzw.compress}

CONTENTS = {
    "a byte": b"a",
    "a run": bytes(200_000),
    "a pattern": b"abcab" * 20_000,
    "noise": np.random.default_rng(0).bytes(100_000),
    "noise after a run": bytes(70_000) + np.random.default_rng(1).bytes(70_000),
}

MEMBERS = ("gzip", "bzip2", "xz")
"""Compressions whose files may be joined."""


@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
@pytest.mark.parametrize("name", ENCODERS)
def test_what_was_compressed_comes_back(name, content):
    packed = ENCODERS[name](content)
    assert compression_of(packed) == name
    assert decompress(packed, "a") == content


@pytest.mark.parametrize("bits", [10, 12, 16])
@pytest.mark.parametrize("content", CONTENTS.values(), ids=CONTENTS)
def test_codes_of_every_length_are_read_and_a_cleared_dictionary_begins_anew(content, bits):
    assert decompress(lzw.compress(content, bits), "a") == content


@pytest.mark.parametrize("name", ENCODERS)
def test_a_compressed_frame_is_the_same_frame(name):
    raw = level05.small_frame()
    plain, packed = read_frame(raw), read_frame(ENCODERS[name](raw))
    assert np.array_equal(plain.data, packed.data)
    assert (plain.header.tostring(), plain.number) == (packed.header.tostring(), packed.number)


@pytest.mark.parametrize("name", ENCODERS)
def test_the_beginning_of_a_cut_file_is_found(name):
    raw = level05.small_frame()
    packed = ENCODERS[name](raw + CONTENTS["noise"])
    cut = packed if name == "bzip2" else packed[:30_000]  # a block of bzip2 is decoded as a whole
    assert beginning(cut, 5000) == raw[:5000]


def test_the_beginning_of_damaged_data_is_empty():
    assert beginning(b"\x1f\x8b" + bytes(50), 100) == b""
    assert beginning(b"\x1f\x9d" + bytes(50), 100) == b""


@pytest.mark.parametrize("name", MEMBERS)
def test_members_are_joined_up_to_a_number(name):
    packed = ENCODERS[name](b"x")
    assert decompress(packed * 16, "a") == b"x" * 16
    with pytest.raises(errors.TooLargeError, match=f"more than 16 {name} members"):
        decompress(packed * 17, "a")


@pytest.mark.slow
@pytest.mark.parametrize("name", ENCODERS)
def test_a_bomb_is_refused_with_no_more_memory_than_the_largest_file_takes(name):
    packed = lzw.bomb(100 * 2**20) if name == "compress" else ENCODERS[name](bytes(100 * 2**20))
    tracemalloc.start()
    try:
        with pytest.raises(errors.TooLargeError, match="odd: decompresses to more than 16 MiB"):
            decompress(packed, "odd")
        assert tracemalloc.get_traced_memory()[1] < 3 * MAX_FILE_BYTES
    finally:
        tracemalloc.stop()


def test_an_xz_file_of_the_highest_level_is_read_and_one_that_asks_for_more_memory_is_refused(monkeypatch):
    assert decompress(lzma.compress(b"x", preset=9), "a") == b"x"
    monkeypatch.setattr(decompression, "MAX_XZ_MEMORY", 32 * 2**20)
    with pytest.raises(errors.TruncatedError, match=r"odd: the xz data is damaged \(Memory"):
        decompress(lzma.compress(b"x", preset=9), "odd")


@pytest.mark.parametrize("name", MEMBERS)
def test_data_that_is_cut_or_damaged_is_named_by_its_compression(name):
    packed = ENCODERS[name](CONTENTS["noise"])
    for damaged in (packed[:-20], packed[:50] + bytes(50) + packed[100:]):
        with pytest.raises(errors.TruncatedError, match=f"odd: the {name} data"):
            decompress(damaged, "odd")


def test_a_z_file_that_is_damaged_is_named_by_its_compression():
    for damaged in (b"\x1f\x9d", b"\x1f\x9d\x89\x00\x00", b"\x1f\x9d\x90" + b"\xff" * 50):
        with pytest.raises(errors.TruncatedError, match=r"odd: the compress \(\.Z\) data is damaged"):
            decompress(damaged, "odd")


def test_a_z_file_that_would_take_long_is_refused():
    with pytest.raises(errors.TooLargeError, match="decompress it by uncompress"):
        decompress(b"\x1f\x9d\x90" + bytes(decompression.MAX_LZW_BYTES), "odd")


@pytest.mark.timeout(120)  # half a second on an idle machine
def test_a_z_file_that_clears_its_dictionary_over_and_over_is_refused():
    with pytest.raises(errors.TruncatedError, match="cleared too often"):
        decompress(lzw.pack([65, 256] * 20_000), "odd")


def test_damaged_z_data_ends_in_an_error_or_in_bytes():
    random, packed = np.random.default_rng(0), lzw.compress(level05.small_frame())
    for _ in range(200):
        changed = bytearray(packed)
        for place in random.integers(2, len(packed), 3):
            changed[place] = random.integers(256)
        with contextlib.suppress(errors.FrameError):
            assert len(decompress(bytes(changed), "odd")) <= MAX_FILE_BYTES


def test_nested_compressions_are_refused():
    for outer in ENCODERS.values():
        for inner in ENCODERS.values():
            with pytest.raises(errors.NotFitsError, match="compressed more than once"):
                decompress(outer(inner(b"frame")), "odd")


@pytest.mark.parametrize(("magic", "found"), decompression.UNREADABLE.items())
def test_a_compression_that_is_not_read_is_refused_by_name_with_the_remedy(magic, found):
    with pytest.raises(errors.NotFitsError) as refused:
        decompress(magic + bytes(100), "odd.fts")
    assert refused.value.what.startswith(f"odd.fts: {found[0]}")
    assert refused.value.remedy == found[1]


@pytest.mark.slow
@pytest.mark.timeout(120)  # a second on an idle machine
def test_a_z_file_of_noise_does_not_block_the_reader():
    packed = lzw.compress(np.random.default_rng(0).bytes(2**20))
    assert len(decompress(packed, "a")) == 2**20
