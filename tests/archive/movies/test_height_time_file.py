"""Height-time maps as FITS files."""

from __future__ import annotations

import io

import numpy as np
import pytest
import sequences
from astropy.io import fits
from astropy.time import Time
from astropy.wcs import WCS

from corinpaint.archive.movies.height_time import Sector, height_time
from corinpaint.archive.movies.height_time_file import to_bytes


def test_a_file_has_the_map_its_filled_parts_and_the_times(tmp_path):
    setting, members = sequences.members(sequences.write(tmp_path, (0, 12, 24, 90)))
    found = height_time(setting, members, Sector(60.0, 10.0), "original")
    content = to_bytes(found)
    assert content == to_bytes(found)
    with fits.open(io.BytesIO(content), checksum=True) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "FILLED", "TIMES", "PRODUCTS"]
        assert hdus[0].data.dtype == np.dtype(">f4")
        assert np.array_equal(hdus[0].data, found.values, equal_nan=True)
        assert np.array_equal(hdus["FILLED"].data, found.filled)
        assert list(hdus["PRODUCTS"].data["FILE"]) == found.files
        assert hdus[0].header["POSANG"] == 60.0
        assert hdus[0].header["BUNIT"] == found.unit
        days, distances = WCS(hdus[0].header, hdus).wcs_pix2world([[0, 0], [3, 5]], 0).T
    assert days == pytest.approx([Time(found.times[0]).mjd, Time(found.times[3]).mjd], abs=1e-9)
    assert distances == pytest.approx([found.distances[0], found.distances[5]])
