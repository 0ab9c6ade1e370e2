"""A calibration file is what its kind says, or its defect is named."""

from __future__ import annotations

import numpy as np
import official_tree
import pytest

from corinpaint.lasco.reference_files import catalogue, validate

NAN = np.array([1.0, np.nan])


@pytest.mark.parametrize(
    "kind", ["image", "save", "exposures", "offsets", "differences", "ephemeris", "text", "attitude"]
)
def test_valid_files_have_no_defect_and_html_pages_and_empty_files_have_one(tmp_path, kind):
    path = tmp_path / "file"
    assets = [*catalogue.FIXED_FILES, catalogue.identify("c3_expfactor_020108.dat")]
    assets.append(catalogue.identify("soho_horizons_2009.txt"))
    assets.append(catalogue.identify("SO_AT_PRE_20100104_V01.FTS"))
    path.write_bytes(next(official_tree.content(asset) for asset in assets if asset.kind == kind))
    assert validate.find_defect(path, kind) is None
    path.write_bytes(official_tree.PAGE)
    assert validate.find_defect(path, kind) == "an HTML page, not data"
    path.write_bytes(b"")
    assert validate.find_defect(path, kind) == "empty"
    path.write_bytes(b"\0\xff random \0 bytes" * 50)
    assert validate.find_defect(path, kind)
    path.unlink()
    assert "not readable" in validate.find_defect(path, kind)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (official_tree.fits_image((512, 512)), "1024 x 1024"),
        (official_tree.fits_image(value=np.nan, dtype="f4"), "not finite"),
        (official_tree.fits_image()[:500_000], "not a readable FITS image"),
        (official_tree.fits_table(0)[:2880], "not a readable FITS image"),
        (official_tree.fits_table(), "1024 x 1024"),
    ],
    ids=["half the size", "not a number", "cut", "no image", "a table"],
)
def test_an_image_is_finite_and_has_the_size_of_the_detector(tmp_path, content, said):
    path = tmp_path / "C3ramp.fts"
    path.write_bytes(content)
    assert said in validate.find_defect(path, "image")


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (official_tree.star_fits()[:60], "not a readable IDL save file"),
        (official_tree.star_fits().replace(b"C_RMED", b"C_RMAD"), "c_rmed"),
        (official_tree.star_fits(0), "unequal length"),
        (official_tree.save_file(c_tai=NAN, c_xmed=NAN, c_ymed=NAN, c_rmed=NAN[:1]), "unequal length"),
        (b",c_tai,c_xmed,c_ymed,c_rmed\n2000-01-01,1,2,3,4\n", "not a readable IDL save file"),
    ],
    ids=["cut", "without a column", "without rows", "unequal", "the CSV that CorKit puts there"],
)
def test_star_fits_are_columns_of_one_length(tmp_path, content, said):
    path = tmp_path / "c3_post_recovery_adj_xyr_medv2.sav"
    path.write_bytes(content)
    assert said in validate.find_defect(path, "save")


@pytest.mark.parametrize("content", [b"32082037.fts one 377.7 0 8285.6", b"32082037.fts 1.0 nan 0 8285.6", b"1 2 3 4"])
def test_an_exposure_table_has_a_row_with_factor_bias_and_time(tmp_path, content):
    path = tmp_path / "c3_expfactor_020108.dat"
    path.write_bytes(content)
    assert validate.find_defect(path, "exposures") == "not a table of exposure factors"
    path.write_bytes(b"; a remark\n" + content + b"\n" + official_tree.TABLE)
    assert validate.find_defect(path, "exposures") is None


@pytest.mark.parametrize("rows", [b"", b"50084 0 512.0 0\n", b"50084 0 512.0 0 later\n"])
def test_clock_offsets_are_rows_of_five_numbers_below_two_lines(tmp_path, rows):
    path = tmp_path / "c2_time_offsets.dat"
    path.write_bytes(b"one\ntwo\n" + rows)
    assert validate.find_defect(path, "offsets") == "not a table of clock offsets"


def test_an_attitude_file_without_a_table_is_named(tmp_path):
    path = tmp_path / "SO_AT_PRE_20100104_V01.FTS"
    for content in (official_tree.fits_image(), official_tree.fits_table(0)):
        path.write_bytes(content)
        assert validate.find_defect(path, "attitude") == "a FITS file without a table"
