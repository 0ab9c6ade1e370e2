"""Products as maps of sunpy."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.level1.product import read_level1


@pytest.fixture(scope="module")
def product(make_frame):
    return calibrate(read_frame(make_frame(missing=((20, 8),))))


@pytest.mark.slow
def test_one_map_with_mask_uncertainty_and_the_coordinates(product, tmp_path):
    pytest.importorskip("sunpy.map")
    from astropy.nddata import StdDevUncertainty

    for found in (product, read_level1(product.write(tmp_path))):
        one = found.to_map()
        assert np.array_equal(one.data, found.data, equal_nan=True)
        assert np.array_equal(one.mask, np.isnan(found.data))
        assert isinstance(one.uncertainty, StdDevUncertainty)
        assert np.array_equal(one.uncertainty.array, product.uncertainty)
        assert one.detector == product.header["DETECTOR"]
        assert one.reference_pixel.x.value == pytest.approx(product.header["CRPIX1"] - 1)
        one.data[:] = 0
        assert np.nanmax(found.data) > 0


def test_without_sunpy_the_error_says_what_to_install(product, monkeypatch):
    monkeypatch.setitem(sys.modules, "sunpy.map", None)
    with pytest.raises(OptionError, match=r"install corinpaint\[sunpy\]"):
        product.to_map()


def test_the_tables_say_what_the_product_is_without_addresses(product, tmp_path):
    for found in (product, read_level1(product.write(tmp_path))):
        text = found._repr_html_()
        assert "<td>C3</td>" in text
        assert "Pixels missing and refused (not filled)" in text
        assert "http" not in text
        assert len(text) < 2000
