"""The nominal set of C2: its files, its field of view and its errors."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.nominal import c2
from corinpaint.lasco.photometry import optics


@pytest.mark.filterwarnings("ignore:File may have been truncated")
@pytest.mark.parametrize("damage", ["missing", "cut", "shorter", "dark", "mask"])
def test_a_damaged_set_is_an_error(tmp_path, damage):
    for name in c2.FILES:
        (tmp_path / name).write_bytes((optics.NOMINAL_DIRECTORY / name).read_bytes())
    path, mask = (tmp_path / name for name in c2.FILES)
    table = fits.getdata(path)
    if damage == "missing":
        path.unlink()
    elif damage == "mask":
        mask.write_bytes(mask.read_bytes()[:2880])
    elif damage == "cut":
        path.write_bytes(path.read_bytes()[:8640])
    else:
        fits.writeto(path, table[:-1] if damage == "shorter" else table * 0, overwrite=True)
    with pytest.raises(CalibrationError, match="nominal C2 set is damaged"):
        c2.read(tmp_path)


def test_a_table_is_interpolated_linearly_between_rings_and_sectors_and_around_the_circle():
    table = (c2.RINGS[:, None] + np.minimum(c2.SECTORS, 360 - c2.SECTORS)[None, :]).astype(np.float32)
    radius, angle = np.float32([[165.0, 300.3, 100.0, 900.0]]), np.float32([[10.0, 200.0, 0.0, 359.9]])
    found = c2.interpolated(table, radius, angle)
    assert found[0, :2] == pytest.approx([165 + 10, 300.3 + 160], rel=1e-5)
    assert found[0, 2:] == pytest.approx([c2.RINGS[0] + 2.5, c2.RINGS[-1] + 2.5], abs=0.01)


def test_the_shipped_set_is_small():
    assert sum((optics.NOMINAL_DIRECTORY / name).stat().st_size for name in c2.FILES) < 50_000


def test_the_shipped_field_of_view_excludes_only_occulter_and_corners():
    vignetting, field = c2.read(optics.NOMINAL_DIRECTORY)
    assert not field[505, 512]
    assert not field[[2, 2, -3, -3], [2, -3, 2, -3]].any()
    assert field[505, 20:330].all()
    assert field[505, 700:1020].all()
    assert field.mean() == pytest.approx(0.886, abs=0.01)
    assert (vignetting >= 1).all()
    assert np.isfinite(vignetting).all()


def test_the_field_of_view_begins_at_2_25_solar_radii_or_less_at_every_distance_of_soho():
    _, field = c2.read(optics.NOMINAL_DIRECTORY)
    y, x = np.mgrid[0:1024, 0:1024]
    from_sun = np.hypot(x - 510.1, y - 507.2) * 11.9
    for angular_radius in (953, 986):
        ring = np.abs(from_sun / angular_radius - 2.3) < 0.05
        assert field[ring].all()


def test_the_shadow_of_the_pylon_takes_two_fifths_of_the_light():
    vignetting, _ = c2.read(optics.NOMINAL_DIRECTORY)
    angle = np.radians(c2.PYLON_ANGLE + np.array([0.0, 60.0]))
    behind, beside = (vignetting[round(505 + 380 * np.sin(a)), round(513 + 380 * np.cos(a))] for a in angle)
    assert beside / behind == pytest.approx(0.6, abs=0.05)


def test_the_error_is_largest_at_the_occulter_and_in_the_corners():
    rim, inner, outer, corner = c2.relative_error(np.array([2.2, 2.7, 6.0, 8.5]))
    assert rim > 2 * inner > 2 * outer > 0
    assert corner > 2 * outer
