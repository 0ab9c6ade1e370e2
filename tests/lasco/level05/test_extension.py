"""An image in the first extension is read as one in the primary HDU."""

from __future__ import annotations

import io

import level05
import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco import calibrate, errors
from corinpaint.lasco.level05 import extension
from corinpaint.lasco.level05.decoding import decode, read_header
from corinpaint.lasco.level05.frame import read_frame


def moved(raw: bytes, *, keywords_in: str = "extension", compressed: bool = False) -> bytes:
    """A file with the image of another in its first extension."""
    with fits.open(io.BytesIO(raw)) as hdus:
        header, data = hdus[0].header.copy(), hdus[0].data.copy()
    primary = fits.PrimaryHDU(header=header if keywords_in == "primary" else None)
    own = None if keywords_in == "primary" else header
    image = fits.CompImageHDU(data, own, compression_type="RICE_1") if compressed else fits.ImageHDU(data, own)
    buffer = io.BytesIO()
    fits.HDUList([primary, image]).writeto(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize("compressed", [False, True], ids=["plain", "tiles"])
@pytest.mark.parametrize("keywords_in", ["extension", "primary"])
def test_the_image_and_the_keywords_are_those_of_the_frame(keywords_in, compressed):
    raw = level05.small_frame()
    frame = read_frame(moved(raw, keywords_in=keywords_in, compressed=compressed))
    plain = read_frame(raw)
    assert np.array_equal(frame.data, plain.data)
    assert (frame.number, frame.date) == (plain.number, plain.date)
    assert set(frame.header) == set(plain.header)
    assert list(frame.header["HISTORY"]) == list(plain.header["HISTORY"])


@pytest.mark.slow
def test_the_product_is_the_same_bytes(make_frame):
    raw = make_frame(missing=((20, 20),))
    products = [calibrate(read_frame(one)) for one in (raw, moved(raw), moved(raw, compressed=True))]
    assert len({product.data.tobytes() for product in products}) == 1
    for product in products[1:]:
        assert {key: product.header[key] for key in products[0].header if key != "HISTORY"} == {
            key: product.header[key] for key in product.header if key != "HISTORY"
        }
        fits.HDUList.fromstring(product.to_bytes()).verify("exception")


def test_keywords_of_the_extension_come_before_those_of_the_primary_header():
    primary = fits.Header([("NAXIS", 0), ("EXPTIME", 1.0), ("BZERO", 5), ("FILTER", "Clear"), ("HISTORY", "first")])
    own = fits.Header([("XTENSION", "IMAGE"), ("BITPIX", 16), ("NAXIS", 2), ("EXPTIME", 2.0), ("EXTNAME", "A")])
    header = extension.joined(primary, own)
    assert dict(header.items()) | {"HISTORY": ""} == {
        "SIMPLE": True,
        "BITPIX": 16,
        "NAXIS": 2,
        "EXPTIME": 2.0,
        "FILTER": "Clear",
        "HISTORY": "",
    }


def test_unsigned_integers_keep_their_zero():
    raw = level05.frame_bytes(np.full((32, 32), 40000, np.uint16), LEBXSUM=32, LEBYSUM=32)
    for compressed in (False, True):
        assert (read_frame(moved(raw, compressed=compressed)).data == 40000).all()


def test_a_table_in_the_first_extension_is_no_image():
    column = fits.Column("COUNTS", "J", array=np.arange(5))
    buffer = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns([column]), fits.ImageHDU(np.ones((4, 4)))]).writeto(
        buffer
    )
    with pytest.raises(errors.NoImageError, match="neither the primary HDU nor the first extension"):
        decode(buffer.getvalue())


def test_a_cut_extension_is_truncated():
    raw = moved(level05.small_frame())
    for size in (2880 * 2, len(raw) - 2880):
        with pytest.raises(errors.TruncatedError):
            decode(raw[:size])


def test_the_header_alone_is_that_which_is_decoded(tmp_path):
    path = tmp_path / "a.fts"
    for raw in (level05.small_frame(), moved(level05.small_frame()), moved(level05.small_frame(), compressed=True)):
        path.write_bytes(raw)
        assert read_header(path).tostring() == decode(path)[0].tostring()
    path.write_text("no FITS")
    assert read_header(path) is None
