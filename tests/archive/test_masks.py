"""Masks of a user for the frames of a run."""

from __future__ import annotations

import os
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.archive.masks import Masks
from corinpaint.lasco.errors import NoFrameError, OptionError
from corinpaint.lasco.photometry.user_mask import digest


def write(path: Path, place: tuple[int, int] = (2, 3)) -> np.ndarray:
    mask = np.zeros((8, 8), np.uint8)
    mask[place] = 1
    fits.PrimaryHDU(mask).writeto(path)
    return mask > 0


def test_one_file_holds_for_all_frames(tmp_path):
    wanted = write(tmp_path / "mask.fits")
    masks = Masks(tmp_path / "mask.fits")
    for name in ("32082001.fts", "32082002.fts.gz"):
        mask, identity = masks.of(Path(name))
        assert np.array_equal(mask, wanted)
        assert identity == digest(wanted)
    assert masks.files() == [tmp_path / "mask.fits"]


def test_a_folder_has_a_mask_for_each_number(tmp_path):
    wanted = write(tmp_path / "32082001.fits.gz")
    (tmp_path / "notes.txt").write_text("no mask")
    masks = Masks(tmp_path)
    assert np.array_equal(masks.of(Path("frames/32082001.fts"))[0], wanted)
    assert masks.of(Path("frames/32082002.fts")) == (None, "none")


def test_masks_that_come_later_or_are_replaced_count(tmp_path):
    first = write(tmp_path / "32082001.fits")
    masks = Masks(tmp_path)
    assert masks.of(Path("32082002.fts")) == (None, "none")
    wanted = write(tmp_path / "32082002.fits")
    assert np.array_equal(masks.of(Path("32082002.fts"))[0], wanted)
    assert masks.of(Path("32082001.fts"))[1] == digest(first)
    (tmp_path / "32082001.fits").unlink()
    replaced = write(tmp_path / "32082001.fits", (4, 5))
    assert masks.of(Path("32082001.fts"))[1] == digest(replaced)
    (tmp_path / "32082001.fits").unlink()
    assert masks.of(Path("32082001.fts")) == (None, "none")


def test_an_unchanged_folder_is_looked_through_once(tmp_path, monkeypatch):
    write(tmp_path / "32082001.fits")
    os.utime(tmp_path, (1e9, 1e9))
    masks = Masks(tmp_path)
    monkeypatch.setattr("corinpaint.archive.masks._numbered", lambda _: pytest.fail("looked through again"))
    assert masks.of(Path("32082001.fts"))[0] is not None


def test_a_folder_that_has_gone_is_named(tmp_path):
    (tmp_path / "masks").mkdir()
    path = tmp_path / "masks" / "32082001.fits"
    write(path)
    masks = Masks(tmp_path / "masks")
    path.unlink()
    (tmp_path / "masks").rmdir()
    with pytest.raises(NoFrameError, match="masks: cannot be read"):
        masks.of(Path("32082001.fts"))


def test_without_masks_there_is_none():
    assert Masks(None).of(Path("32082001.fts")) == (None, "none")
    assert Masks(None).files() == []


def test_what_is_no_mask_is_named(tmp_path):
    with pytest.raises(NoFrameError, match=r"gone\.fits"):
        Masks(tmp_path / "gone.fits")
    with pytest.raises(NoFrameError, match="holds no FITS file"):
        Masks(tmp_path)
    write(tmp_path / "1.fits")
    write(tmp_path / "1.fts")
    with pytest.raises(OptionError, match="second mask of 1"):
        Masks(tmp_path)
    fits.PrimaryHDU().writeto(tmp_path / "empty.fits")
    with pytest.raises(OptionError, match="holds no image"):
        Masks(tmp_path / "empty.fits")
    (tmp_path / "text.fits").write_text("no FITS")
    with pytest.raises(NoFrameError, match=r"text\.fits"):
        Masks(tmp_path / "text.fits")
