"""Compressed products: the same bits, or an error that is a stated fraction of the noise; any reader opens them."""

from __future__ import annotations

import io
import warnings

import level05
import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.inputs.kinds import PRODUCT, kind_of_header
from corinpaint.lasco.level05.decoding import read_header
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.level1.compression import (
    ADDED_ERROR,
    COMPRESSIONS,
    SIGNIFICANT_BITS,
    compressed,
    quantise,
    random_sequence,
    round_significant,
)
from corinpaint.lasco.level1.existing import is_there
from corinpaint.lasco.level1.product import Flag, Level1, read_level1

PLANES = ("mask", "uncertainty", "noise")
REAL = (
    *("c3_level05/32082037", "c3_level05/32108414", "c3_level05/32219521"),
    *("c2_level05/22524064", "c2_level05_polarised_512/22455061"),
)
each_compression = pytest.mark.parametrize("compress", COMPRESSIONS)


@pytest.fixture(scope="module")
def frame(make_frame) -> bytes:
    """Pixels of 4 x 4 summed, with a missing block."""
    counts = level05.smooth_counts().astype(np.int32).reshape(256, 4, 256, 4).sum(axis=(1, 3), dtype=np.int32)
    return make_frame(counts, missing=((5, 5),), LEBXSUM=4, LEBYSUM=4)


@pytest.fixture(scope="module")
def product(frame) -> Level1:
    return calibrate(read_frame(frame))


@pytest.fixture(scope="module")
def odd(product) -> Level1:
    """The product with every kind of float that bits can tell apart, and infinite noise where there is an image."""
    data, noise = product.data.copy(), product.noise.copy()
    payload = np.array([0x7FC00001, 0xFFC12345, 0x80000000, 0x00000001, 0x7F7FFFFF], np.uint32)
    data[0, :5] = payload.view(np.float32)
    seen = np.argwhere(np.isfinite(data) & np.isfinite(noise))[500:509]
    noise[tuple(seen.T)] = np.inf
    return Level1(data, product.mask, product.uncertainty, noise, product.header, product.filename)


def bits(plane) -> bytes:
    native = np.asarray(plane)
    return native.astype(native.dtype.newbyteorder("<")).tobytes()


def assert_same_bits(product: Level1, file) -> None:
    with fits.open(file) as hdus:
        assert bits(hdus["IMAGE"].data) == bits(product.data)
        for name, plane in zip(("MASK", "UNCERT", "NOISE"), PLANES, strict=True):
            assert bits(hdus[name].data) == bits(getattr(product, plane))


def rms(found, expected, noise, where) -> float:
    error = (found[where].astype(float) - expected[where]) / noise[where]
    return float(np.sqrt(np.mean(error**2)))


def test_lossless_keeps_every_bit_of_every_plane(odd):
    assert_same_bits(odd, io.BytesIO(odd.to_bytes("lossless")))


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_lossless_keeps_every_bit_of_real_frames_in_less_than_half_of_their_size(shared, name):
    product = calibrate(read_frame(shared / f"{name}.fts.gz"))
    content = product.to_bytes("lossless")
    assert_same_bits(product, io.BytesIO(content))
    assert len(content) < 0.42 * len(product.to_bytes())  # 5.7 of 13.7 MB


@pytest.mark.slow
@pytest.mark.parametrize("name", REAL)
def test_rice_adds_a_fiftieth_of_the_noise_to_real_frames_in_every_annulus(shared, tmp_path, name):
    product = calibrate(read_frame(shared / f"{name}.fts.gz"))
    found = read_level1(product.write(tmp_path, compress="rice"))
    seen = np.isfinite(product.data)
    y, x = np.indices(product.data.shape)
    radius = np.hypot(x + 1 - product.header["CRPIX1"], y + 1 - product.header["CRPIX2"])
    for plane in ("data", "uncertainty", "noise"):
        values, expected = getattr(found, plane), getattr(product, plane)
        assert rms(values, expected, product.noise, seen) == pytest.approx(ADDED_ERROR, rel=0.03)
        for inner in range(0, int(radius[seen].max()), 8):
            annulus = seen & (radius >= inner) & (radius < inner + 8)
            assert annulus.sum() < 500 or rms(values, expected, product.noise, annulus) < 0.03
    assert found.mask.tobytes() == product.mask.tobytes()
    assert (tmp_path / product.filename).stat().st_size < 0.17 * len(product.to_bytes())


@each_compression
def test_a_product_is_read_back_whatever_its_compression(product, tmp_path, compress):
    found = read_level1(product.write(tmp_path, compress=compress))
    plain = read_level1(product.write(tmp_path / "plain"))
    assert np.array_equal(found.masked, plain.masked)
    assert np.array_equal(found.mask, plain.mask)
    assert (found.mask & Flag.REFUSED).any()
    for plane in ("data", "uncertainty", "noise"):
        values, expected = getattr(found, plane), getattr(plain, plane)
        assert values.dtype == expected.dtype
        assert np.array_equal(np.isfinite(values), np.isfinite(expected))
        assert plane == "data" or np.isinf(values[plain.masked]).all()
        assert rms(values, expected, plain.noise, ~plain.masked) < (1.05 * ADDED_ERROR if compress == "rice" else 1e-9)


@each_compression
def test_the_header_is_the_same_but_for_what_it_says_about_the_compression(product, tmp_path, compress):
    found, plain = (
        read_level1(product.write(tmp_path / way, compress=way, overwrite=True)).header for way in (compress, "none")
    )
    about = {"COMPRESS", "QSTEP", "QERR", "NEXTEND", "CHECKSUM", "DATASUM", "EXTEND"}
    assert {key: found[key] for key in found if key not in about | {"HISTORY"}} == {
        key: plain[key] for key in plain if key not in about | {"HISTORY"}
    }
    assert list(plain["HISTORY"]) == list(found["HISTORY"])[: len(plain["HISTORY"])]
    assert found.get("COMPRESS", "none") == compress


def test_header_and_history_say_what_was_done(product):
    with fits.open(io.BytesIO(product.to_bytes("rice"))) as hdus:
        header = hdus[0].header
        assert header["NEXTEND"] == len(hdus) - 1 == 4
        assert header["COMPRESS"] == hdus["IMAGE"].header["COMPRESS"] == "rice"
        for name in ("IMAGE", "UNCERT", "NOISE"):
            assert hdus[name].header["QERR"] == pytest.approx(ADDED_ERROR, rel=0.03)
            assert hdus[name].header["QSTEP"] == pytest.approx(ADDED_ERROR * np.sqrt(12), rel=0.01)
        assert "QSTEP" not in hdus["MASK"].header
        said = " ".join(header["HISTORY"])
    assert "in steps of 0.069 of the noise (adds 0.020 of the noise, rms; SUBTRACTIVE_DITHER_1)" in said
    with fits.open(io.BytesIO(product.to_bytes("lossless"))) as hdus:
        assert hdus[0].header["COMPRESS"] == "lossless"
        assert "Compressed without loss" in str(hdus[0].header["HISTORY"])
        assert "QSTEP" not in hdus[0].header


@pytest.mark.parametrize("compress", ["lossless", "rice"])
def test_checksums_hold_and_the_bytes_are_the_same_every_time(product, compress):
    content = product.to_bytes(compress)
    assert content == product.to_bytes(compress)
    for as_tables in (True, False):
        with fits.open(io.BytesIO(content), checksum=True, disable_image_compression=as_tables) as hdus:
            hdus.verify("exception")
            assert all("CHECKSUM" in hdu.header for hdu in hdus) or not as_tables
    with (
        pytest.warns(match="(Checksum|Datasum) verification failed"),
        fits.open(io.BytesIO(content[:-3000] + bytes(10) + content[-2990:]), checksum=True),
    ):
        pass


@pytest.mark.slow
@each_compression
def test_sunpy_opens_the_four_planes_without_a_warning(product, tmp_path, compress):
    sunpy_map = pytest.importorskip("sunpy.map")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        image, mask, uncertainty, noise = sunpy_map.Map(product.write(tmp_path, compress=compress))
    assert image.data.shape == (256, 256)
    assert image.unit == uncertainty.unit == noise.unit
    assert image.instrument == "LASCO"
    assert mask.meta["extname"] == "MASK"
    assert np.array_equal(np.isnan(image.data), np.isnan(product.data))


@pytest.mark.parametrize("compress", ["lossless", "rice"])
def test_a_compressed_product_is_recognised_and_a_cut_one_is_not(frame, product, tmp_path, compress):
    origin = tmp_path / "32082037.fts"
    origin.write_bytes(frame)
    path = product.write(tmp_path, compress=compress)
    assert is_there(path, origin)
    assert kind_of_header(fits.getheader(path)) is kind_of_header(read_header(path)) is PRODUCT
    path.write_bytes(path.read_bytes()[:-2880])
    with pytest.raises(Exception, match="damaged or cut off"):
        is_there(path, origin)


@each_compression
def test_the_smallest_frames_are_compressed_too(tmp_path, compress):
    (tmp_path / "32082038.fts").write_bytes(level05.small_frame())
    product = calibrate(read_frame(tmp_path / "32082038.fts"))
    found = read_level1(product.write(tmp_path, compress=compress))
    assert found.data.shape == (32, 32)
    assert np.array_equal(np.isnan(found.data), np.isnan(product.data))


def test_infinite_noise_where_there_is_an_image_costs_no_precision(odd):
    with fits.open(io.BytesIO(odd.to_bytes("rice"))) as hdus:
        found = np.asarray(hdus["IMAGE"].data)
    seen = np.isfinite(odd.data) & np.isinf(odd.noise)
    seen[0, :5] = False
    assert seen.sum() == 9
    finest = np.nanmax(np.where(np.isfinite(odd.noise), odd.noise, np.nan))
    assert np.abs(found[seen] - odd.data[seen]).max() < ADDED_ERROR * np.sqrt(12) * finest


def test_a_plane_that_cannot_be_quantised_keeps_its_bits(product):
    unknown = np.full_like(product.noise, np.inf)
    tiny = np.where(np.isfinite(product.noise), np.float32(1e-30), np.float32(np.inf))
    for noise in (unknown, tiny):
        odd = Level1(product.data, product.mask, product.uncertainty, noise, product.header, product.filename)
        with fits.open(io.BytesIO(odd.to_bytes("rice"))) as hdus:
            assert bits(hdus["IMAGE"].data) == bits(product.data)


def test_the_integers_are_those_of_the_fits_standard():
    rng = np.random.default_rng(0)
    plane, noise = rng.normal(0, 1, (64, 128)).astype(np.float32), np.ones((64, 128), np.float32)
    found = quantise(plane, noise, seed=17)
    assert found.step == pytest.approx(ADDED_ERROR * np.sqrt(12))
    assert random_sequence()[-1] * 2147483647 == pytest.approx(1043618065, rel=1e-7)  # as appendix I gives it
    tile, dither = 1, random_sequence()
    start = int(dither[17 + tile - 1] * 500)
    first = np.floor((float(plane[0, 64]) - found.zero[tile]) / found.step[tile] + float(dither[start]))
    assert found.integers[0, 64] == max(first, 0)


def test_dither_leaves_no_bias_in_a_faint_gradient():
    plane = np.linspace(0, 0.05, 64 * 64).reshape(64, 64).astype(np.float32)
    noise = np.ones_like(plane)
    found = quantise(plane, noise, seed=1)
    start = int(random_sequence()[0] * 500)
    dither = random_sequence()[start : start + plane.size].reshape(plane.shape)
    values = (found.integers - dither + 0.5) * found.step[0] + found.zero[0]
    assert np.abs((values - plane).reshape(16, -1).mean(axis=1)).max() < 5 * ADDED_ERROR / np.sqrt(256)


def test_rounding_keeps_twelve_bits_order_infinity_and_zero():
    rng = np.random.default_rng(0)
    values = np.sort(np.exp(rng.normal(-25, 9, 10000)).astype(np.float32))
    rounded = round_significant(values)
    assert np.abs(rounded / values.astype(float) - 1).max() <= 2.0**-SIGNIFICANT_BITS
    assert (np.diff(rounded) >= 0).all()
    assert np.array_equal(round_significant(rounded), rounded)
    assert round_significant(np.float32([np.inf, 0, 1])).tolist() == [np.inf, 0, 1]
    assert not np.any(rounded.view(np.uint32) & 0xFFF)


def test_products_hold_rounded_uncertainties(product):
    for plane in (product.uncertainty, product.noise):
        assert np.array_equal(round_significant(plane), plane)


def test_another_compression_is_refused_by_name(product):
    with pytest.raises(OptionError, match="compress = 'zip'; give one of none, lossless, rice"):
        compressed(product.to_hdus(), "zip")
