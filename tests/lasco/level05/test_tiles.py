"""Tile-compressed images: what astropy compresses comes back, and what a table says is checked first."""

from __future__ import annotations

import contextlib
import gzip
import io
import tracemalloc

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco import errors
from corinpaint.lasco.level05.decoding import decode

METHODS = ("RICE_1", "GZIP_1", "GZIP_2")


def packed(data: np.ndarray, method: str = "RICE_1", **settings: object) -> bytes:
    """A file whose first extension is a tile-compressed image."""
    buffer = io.BytesIO()
    hdu = fits.CompImageHDU(data, compression_type=method, **settings)
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(buffer)
    return buffer.getvalue()


def counts(shape: tuple[int, int] = (40, 50), spread: int = 1000, dtype: type = np.int16, seed: int = 0) -> np.ndarray:
    """Noise."""
    return np.random.default_rng(seed).integers(-spread, spread, shape, dtype, endpoint=True)


@pytest.mark.slow
@pytest.mark.parametrize("tile", [(50, 1), (50, 4), (16, 16), (7, 3), (50, 40)], ids=str)
@pytest.mark.parametrize("dtype", [np.int16, np.int32])
@pytest.mark.parametrize("method", METHODS)
def test_every_pixel_comes_back(method, dtype, tile):
    for spread in (0, 1, 300, np.iinfo(dtype).max):
        data = counts(spread=spread, dtype=dtype)
        found = decode(packed(data, method, tile_shape=tile[::-1]))[1]
        assert found.dtype == np.dtype(dtype).newbyteorder(">")
        assert np.array_equal(found, data)


def test_outliers_have_long_codes_and_come_back():
    data = counts(spread=2, dtype=np.int32)
    data[3, 7], data[20, 49] = 2**30, -(2**30)
    assert np.array_equal(decode(packed(data))[1], data)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_floating_point_numbers_come_back_when_they_are_not_quantised(dtype):
    data = counts().astype(dtype) / 3
    assert np.array_equal(decode(packed(data, "GZIP_2", quantize_level=0))[1], data)


def test_a_frame_that_was_compressed_with_loss_is_refused():
    raw = packed(counts().astype(np.float32), "RICE_1", quantize_level=16)
    with pytest.raises(errors.UnsupportedFrameError, match=r"with loss \(ZSCALE\)"):
        decode(raw, "odd")


@pytest.mark.parametrize("method", ["PLIO_1", "HCOMPRESS_1"])
def test_other_methods_are_refused_by_name_with_the_remedy(method):
    data = np.abs(counts())
    with pytest.raises(errors.UnsupportedFrameError, match=f"{method}.*funpack"):
        decode(packed(data, method), "odd")


def test_tiles_whose_pixels_would_be_decoded_one_by_one_are_refused():
    with pytest.raises(errors.UnsupportedFrameError, match=r"tiles of 10000 pixels.*funpack"):
        decode(packed(counts((100, 100)), tile_shape=(100, 100)), "odd")


def data_of_table(raw: bytes) -> int:
    """Offset of the data of the first extension."""
    return -(-(bytes(raw).index(b"END" + b" " * 77, 2880) + 80) // 2880) * 2880


def changed(raw: bytes, **values: str) -> bytes:
    """A file with other values of cards of its extension."""
    for key, value in values.items():
        at = raw.index(f"{key:<8}= ".encode(), 2880)
        raw = raw[:at] + f"{key:<8}= {value:>20}".ljust(80).encode() + raw[at + 80 :]
    return raw


FALSE = {
    "more tiles than rows": {"ZTILE1": "10"},
    "tiles of no width": {"ZTILE1": "0"},
    "tiles wider than the image": {"ZTILE1": "100"},
    "fewer rows": {"NAXIS2": "39"},
    "a row without room for pointers": {"NAXIS1": "4"},
    "a heap within the table": {"PCOUNT": "-1"},
    "a heap beyond the file": {"PCOUNT": "1000000"},
    "a table of text": {"TFORM1": "'20A'"},
    "pointers to numbers": {"TFORM1": "'1PJ(9)'"},
    "no columns": {"TFIELDS": "0"},
    "a block of no pixels": {"ZVAL1": "0"},
    "integers of 3 bytes": {"ZVAL2": "3"},
    "integers of 4 bytes for 2": {"ZVAL2": "4"},
    "a type without a size": {"ZVAL2": "'two'"},
    "an image of 100 GB": {"ZNAXIS1": "400000", "ZNAXIS2": "400000"},
    "a larger image": {"ZNAXIS2": "80"},
    "a cube": {"ZNAXIS": "3"},
    "another size of integers": {"ZBITPIX": "64"},
}


@pytest.mark.parametrize("values", FALSE.values(), ids=FALSE)
def test_false_values_are_errors_with_a_remedy(values):
    with pytest.raises(errors.FrameError, match="odd: ") as refused:
        decode(changed(packed(counts(), tile_shape=(1, 50)), **values), "odd")
    assert refused.value.remedy


def test_tiles_that_share_their_bytes_are_refused():
    raw = bytearray(packed(counts(), "GZIP_1", tile_shape=(1, 50)))
    start = data_of_table(raw)
    for row in range(40):
        raw[start + 8 * row : start + 8 * row + 8] = np.array([2000, 0], ">i4").tobytes()
    with pytest.raises(errors.BadKeywordError, match="overlap"):
        decode(bytes(raw), "odd")


def test_a_bomb_in_a_tile_takes_no_memory():
    raw = bytearray(packed(counts((40, 4000)), "GZIP_1", tile_shape=(1, 4000)))
    bomb = gzip.compress(bytes(5 * 2**20))
    start = data_of_table(raw)
    raw[start : start + 8] = np.array([len(bomb), 0], ">i4").tobytes()
    raw[start + 320 : start + 320 + len(bomb)] = bomb
    tracemalloc.start()
    try:
        with pytest.raises(errors.TruncatedError, match="a compressed tile is damaged"):
            decode(bytes(raw), "odd")
        assert tracemalloc.get_traced_memory()[1] < 3 * 2**20
    finally:
        tracemalloc.stop()


@pytest.mark.slow
@pytest.mark.parametrize("method", METHODS)
def test_damaged_tiles_end_in_an_error_or_in_an_image(method):
    random, raw = np.random.default_rng(0), packed(counts((64, 64)), method)
    start = raw.index(b"XTENSION")
    for _ in range(300):
        bad = bytearray(raw)
        for place in random.integers(start + 2880 * int(random.integers(2)), len(raw), 4):
            bad[place] = random.integers(256)
        with contextlib.suppress(errors.FrameError):
            assert decode(bytes(bad), "odd")[1].ndim == 2


def test_a_code_that_never_ends_and_tiles_without_number_are_refused_quickly():
    raw = bytearray(packed(counts((2000, 2000)), tile_shape=(1, 2000)))
    start = data_of_table(raw)
    pointers = np.frombuffer(bytes(raw[start : start + 16000]), ">i4").reshape(2000, 2)
    raw[start + 16000 :] = bytes(len(raw) - start - 16000)
    with pytest.raises(errors.UnsupportedFrameError, match="1000000 tiles"):
        decode(changed(bytes(raw), ZTILE1="2", ZTILE2="2"), "odd")
    for at in pointers[:, 1]:
        raw[start + 16000 + at + 2] = (
            0x10  # differences follow without low bits, and their high bits are zeros for ever
        )
    with pytest.raises(errors.TruncatedError, match="more than 256 zeros"):
        decode(bytes(raw), "odd")
