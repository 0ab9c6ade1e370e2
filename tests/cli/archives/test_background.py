"""`corinpaint background`: a month in, its background and differences out."""

from __future__ import annotations

import numpy as np
import products
import pytest
from astropy.io import fits

from corinpaint.cli.archives import background as cli_background
from corinpaint.lasco.level1 import background, compression, differences

SHAPE = (32, 32)


@pytest.fixture
def month(tmp_path):
    rng = np.random.default_rng(0)
    for day in (8, 9):
        for hour in range(3):
            number = 35000000 + 10 * day + hour
            scene = rng.normal(5e-11, 1e-12, SHAPE)
            products.write(tmp_path / "in", number, f"2002-01-{day:02d}T{hour:02d}:00:00", scene, noise=1e-12)
    return tmp_path / "in"


def test_a_background_is_made_once(run, month, tmp_path):
    words = ("background", month, "-o", tmp_path / "out", "--min-frames", "3")
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert "3m1_clcl_32_020108.fts: C3 CLEAR/CLEAR, 32 x 32 px, 2 days, 6 products" in result.stdout
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["3m1_clcl_32_020108.fts"]
    before = (tmp_path / "out" / "3m1_clcl_32_020108.fts").stat().st_mtime_ns
    again = run(*words)
    assert again.exit_code == 0
    assert "is there already, made from the same products" in again.stdout
    assert (tmp_path / "out" / "3m1_clcl_32_020108.fts").stat().st_mtime_ns == before
    (month / "35000081.fits").unlink()
    words = (*words[:-1], "2")
    changed = run(*words)
    assert changed.exit_code == 1
    assert "made from other products; remove it, choose another folder or allow --overwrite" in changed.stderr
    assert run(*words, "--overwrite").exit_code == 0
    assert fits.getheader(tmp_path / "out" / "3m1_clcl_32_020108.fts")["NFRAMES"] == 5


@pytest.mark.slow
def test_a_background_is_subtracted_from_every_product(run, month, tmp_path):
    words = ("background", month, "-o", tmp_path / "out", "--min-frames", "3", "--subtract", "background")
    result = run(*words, "--compress", "lossless")
    assert result.exit_code == 0, result.output
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert len(names) == 7
    assert names[0] == "35000080_minus_background.fits"
    with fits.open(tmp_path / "out" / names[0]) as hdus, fits.open(month / "35000080.fits") as original:
        assert hdus[0].header["SUBFILE"] == "3m1_clcl_32_020108.fts"
        assert hdus[0].header["COMPRESS"] == "lossless"
        with fits.open(tmp_path / "out" / "3m1_clcl_32_020108.fts") as minimum:
            expected = original[0].data - minimum["IMAGE"].data
        assert np.allclose(hdus["IMAGE"].data, expected, atol=1e-17)
    again = run(*words)
    assert again.exit_code == 0
    assert "Skipped 6 that are there already" in again.stderr


@pytest.mark.parametrize("kind", ["running", "base"])
def test_running_and_base_differences_need_no_background(run, month, tmp_path, kind):
    result = run("background", month, "-o", tmp_path / "out", "--subtract", kind)
    assert result.exit_code == 0, result.output
    names = sorted(path.name for path in (tmp_path / "out").iterdir())
    assert names == [f"350000{n}_minus_{kind}.fits" for n in (81, 82, 90, 91, 92)]
    last = fits.getheader(tmp_path / "out" / names[-1])
    assert last["SUBFILE"] == ("35000091.fits" if kind == "running" else "35000080.fits")


def test_a_setting_or_product_that_fails_does_not_stop_the_others(run, month, tmp_path):
    products.write(month, 25000001, "2002-01-08T00:00:00", np.ones(SHAPE), DETECTOR="C2", FILTER="Orange")
    result = run("background", month, "-o", tmp_path / "out", "--min-frames", "3")
    assert result.exit_code == 1
    assert "Error: C2 ORANGE/CLEAR, 32 x 32 px: " in result.stderr
    assert "no day has 3 products, the fullest 1" in result.stderr
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["3m1_clcl_32_020108.fts"]
    cut = month / "35000091.fits"
    cut.write_bytes(cut.read_bytes()[:-2880])
    result = run("background", month, "-o", tmp_path / "running", "--subtract", "running")
    assert result.exit_code == 1
    assert result.stderr.count("35000091.fits: cannot be read as FITS") == 2
    assert "2 failed." in result.stderr
    assert len(list((tmp_path / "running").iterdir())) == 3


def test_days_that_are_left_out_and_files_that_are_passed_over_are_told(run, month, tmp_path):
    products.write(month, 35000100, "2002-01-10T00:00:00", np.ones(SHAPE))
    (month / "notes.fits").write_text("no FITS")
    result = run("background", month, "-o", tmp_path / "out", "--min-frames", "3")
    assert result.exit_code == 0
    assert "2002-01-10 has too few products (1 of 3) and is left out" in result.stderr
    assert "Passed over: 1 files that cannot be read as FITS: " in result.stderr


def test_a_folder_without_products_is_an_error(run, tmp_path):
    result = run("background", tmp_path, "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "no Level 1 product of CorInpaint; give products or their folder" in result.stderr


def test_the_options_are_those_of_the_library():
    options = {option.name: option for option in cli_background.command.params}
    assert options["min_frames"].default == cli_background.MIN_FRAMES == background.MIN_FRAMES
    assert tuple(options["subtract"].type.choices) == differences.KINDS
    assert tuple(options["compress"].type.choices) == compression.COMPRESSIONS
