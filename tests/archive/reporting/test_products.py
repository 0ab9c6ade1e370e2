"""Products are found at any depth, checked, and told from other files."""

from __future__ import annotations

import gzip

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.archive.reporting import products
from corinpaint.lasco.errors import FrameError, NoFrameError
from corinpaint.lasco.level1.compression import COMPRESSIONS
from corinpaint.lasco.level1.product import read_level1


def test_products_are_found_at_any_depth_but_not_in_the_report(folder, tmp_path):
    report = folder / "report"
    report.mkdir()
    (report / "35000009.fits").write_bytes(b"")
    found = products.find(folder, report)
    assert [one.file for one in found.candidates] == ["35000001.fits", "later/35000002.fits"]
    with pytest.raises(NoFrameError, match="is no folder"):
        products.find(tmp_path / "absent", report)
    outside = tmp_path / "x.fits"
    assert products.candidates([outside], folder)[0].file == str(outside)


@pytest.mark.parametrize("compress", COMPRESSIONS)
def test_a_product_is_read_and_its_checksums_are_verified(make_product, tmp_path, compress):
    path = make_product().write(tmp_path, compress=compress)
    found = products.read(path)
    assert [zone.method for zone in found.zones] == ["network", ""]
    content = bytearray(path.read_bytes())
    with fits.open(path, disable_image_compression=True) as hdus:
        content[hdus[0 if compress == "none" else 1].fileinfo()["datLoc"] + 1500] ^= 4
    path.write_bytes(content)
    with pytest.raises(FrameError, match=r"35000001\.fits: (the checksum of .* differs|cannot be read)"):
        products.read(path)
    path.write_bytes(bytes(content[:9000]))
    with pytest.raises(FrameError):
        products.read(path)


@pytest.mark.parametrize("compress", COMPRESSIONS)
def test_a_product_is_what_read_level1_gives_and_its_file_is_opened_once(make_product, tmp_path, compress, monkeypatch):
    path = make_product().write(tmp_path, compress=compress)
    expected = read_level1(path)
    content, opened = path.read_bytes(), []
    monkeypatch.setattr(type(path), "read_bytes", lambda one: opened.append(one) or content)
    path.unlink()
    found = products.read(path)
    assert opened == [path]
    assert found.header == expected.header
    for name in ("data", "masked", "mask", "uncertainty", "noise"):
        assert np.array_equal(getattr(found, name), getattr(expected, name), equal_nan=name == "data")


def test_compressed_files_are_read_too(make_product, tmp_path):
    target = tmp_path / "35000001.fits.gz"
    target.write_bytes(gzip.compress(make_product().to_bytes()))
    assert products.read(target).header["NMISSING"] == 4


def test_other_files_are_told_by_their_kind(make_product, make_frame, tmp_path):
    frame, other = tmp_path / "32000001.fts", tmp_path / "other.fits"
    frame.write_bytes(make_frame())
    fits.PrimaryHDU().writeto(other)
    difference = make_product()
    difference.header["LEVEL"] = "2"
    assert products.other_kind(difference.write(tmp_path)) == products.DERIVED
    assert products.other_kind(frame) == products.FRAME
    assert products.other_kind(other) == products.OTHER_FITS
    (tmp_path / "damaged.fits").write_bytes(b"nothing")
    assert products.other_kind(tmp_path / "damaged.fits") is None
    assert products.other_kind(make_product().write(tmp_path, overwrite=True)) is None


def test_a_json_report_beside_a_product_is_read_and_counts_as_a_change(make_product, tmp_path):
    path = make_product().write(tmp_path)
    before = products.stamp(path)
    assert products.read_report(path) == {}
    path.with_suffix(".json").write_text('{"zones": [], "seconds": {"fill": 0.5, "other": null}, "warnings": ["x"]}')
    told = products.read_report(path)
    assert products.stage_times(told) == {"fill": 0.5}
    assert products.stamp(path) != before
    assert products.warnings_of(fits.Header(), told) == ("x",)
    with pytest.raises(FrameError, match="cannot be read"):
        products.stamp(tmp_path / "absent.fits")


def test_warnings_are_those_of_history_where_no_report_has_them(make_product):
    found = products.warnings_of(make_product().header, {})
    assert found == ("the pointing is unknown, and this sentence is long enough that it is broken",)
