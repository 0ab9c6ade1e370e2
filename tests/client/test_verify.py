"""Whole answers and others."""

from __future__ import annotations

import json

import endpoint
import pytest

from corinpaint.client.errors import AnswerError
from corinpaint.client.verify import compression_of, verify_body
from corinpaint.lasco import calibrate, read_frame

FITS = "application/fits"


@pytest.fixture(scope="module")
def product(make_frame) -> bytes:
    """A real one."""
    return calibrate(read_frame(make_frame())).to_bytes()


def test_a_product_gives_its_name(product):
    assert verify_body(product, FITS, "x") == "35082037.fits"
    assert compression_of(product) == "none"
    assert verify_body(endpoint.product("22460142"), FITS, "x") == "25460142.fits"


@pytest.mark.parametrize("size", [-1, -2880, 2880 * 20, 30, 0])
def test_a_truncated_product_is_refused(product, size):
    with pytest.raises(AnswerError, match="x: the answer is cut or damaged"):
        verify_body(product[:size], FITS, "x")


def test_a_product_without_its_last_part_is_refused(product):
    for name, fault in ((b"MASK", "in place of"), (b"UNCERT", "in place of"), (b"NOISE", "3 of 4 parts")):
        start = product.rindex(b"XTENSION", 0, product.index(b"EXTNAME = '" + name))
        with pytest.raises(AnswerError, match=fault):
            verify_body(product[:start], FITS, "x")


def test_a_product_of_an_earlier_endpoint_has_no_noise_and_does_not_count_its_parts():
    assert verify_body(endpoint.product(planes=("UNCERT",), count=None), FITS, "x") == "35082037.fits"
    with pytest.raises(AnswerError, match="4 of 3 parts"):
        verify_body(endpoint.product(count=None), FITS, "x")


def test_a_product_of_a_later_endpoint_may_have_more_parts_than_this_client_knows():
    later = endpoint.product(planes=("UNCERT", "NOISE", "MODEL"), count=4)
    assert verify_body(later, FITS, "x") == "35082037.fits"


@pytest.mark.slow
@pytest.mark.parametrize("compress", ["lossless", "rice"])
def test_a_compressed_product_is_verified_with_its_tiles(make_frame, compress):
    product = calibrate(read_frame(make_frame())).to_bytes(compress)
    assert verify_body(product, FITS, "x") == "35082037.fits"
    assert compression_of(product) == compress
    damaged = bytearray(product)
    damaged[len(product) - 2881] ^= 4
    for body in (product[:-2880], bytes(damaged), product[: product.rindex(b"XTENSION")]):
        with pytest.raises(AnswerError, match="cut or damaged"):
            verify_body(body, FITS, "x")


def test_one_changed_bit_is_detected_anywhere(product):
    for place in (400, 100_000, len(product) // 2, len(product) - 2881):
        damaged = bytearray(product)
        damaged[place] ^= 4
        with pytest.raises(AnswerError, match="cut or damaged"):
            verify_body(bytes(damaged), FITS, "x")


@pytest.mark.parametrize("value", [b"99999999999999999999", b"                  -5", b"                   x"])
def test_a_header_with_impossible_values_is_refused(value):
    damaged = endpoint.product().replace(b"NAXIS1  = " + b"40".rjust(20), b"NAXIS1  = " + value, 1)
    with pytest.raises(AnswerError):
        verify_body(damaged, FITS, "x")


def test_incomplete_pictures_and_reports_are_refused():
    picture, report = endpoint.picture(), json.dumps({"product": "35082037.fits"}).encode()
    assert verify_body(picture, "image/png", "x") == ""
    assert verify_body(report, "application/json", "x") == "35082037.fits"
    for kind, cut in (("image/png", picture[:-1]), ("application/json", report[:-1]), ("application/json", b"{}")):
        with pytest.raises(AnswerError, match="cut or damaged"):
            verify_body(cut, kind, "x")


def test_a_report_that_is_nested_too_deeply_is_refused():
    with pytest.raises(AnswerError, match="cut or damaged"):
        verify_body(b"[" * 100_000, "application/json", "x")
