"""The calibration folder: files are found at any depth, quickly, and as they come and go."""

from __future__ import annotations

import os
import threading
import time
from pathlib import Path

import pytest
from astropy.time import Time

from corinpaint.lasco.reference_files import locate


def _write(path: Path, text: str = "x") -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    return path


def _age(root: Path) -> None:
    """Set the time stamps of all folders to an hour ago, so that the cache is valid."""
    for place, _, _ in os.walk(root):
        os.utime(place, (time.time() - 3600,) * 2)


def test_a_file_is_found_at_any_depth(tmp_path):
    path = _write(tmp_path / "soho" / "lasco" / "lasco" / "data" / "calib" / "C3ramp.fts")
    assert locate.locate(tmp_path, "C3ramp.fts") == path
    assert locate.locate(tmp_path, "c2vig_final.fts") is None


def test_of_several_files_the_first_in_order_of_the_paths_is_found(tmp_path):
    for folder in ("b", "a/z", "c"):
        _write(tmp_path / folder / "C3ramp.fts")
    assert locate.locate(tmp_path, "C3ramp.fts") == tmp_path / "a" / "z" / "C3ramp.fts"


@pytest.mark.parametrize("place", [".", "expfac/data/0201", "new/0201/deep"])
def test_a_file_that_is_added_later_is_found(tmp_path, place):
    _write(tmp_path / "expfac" / "data" / "0112" / "c3_expfactor_011231.dat")
    _age(tmp_path)
    assert locate.locate(tmp_path, "c3_expfactor_020108.dat") is None
    path = _write(tmp_path / place / "c3_expfactor_020108.dat")
    assert locate.locate(tmp_path, "c3_expfactor_020108.dat") == path


def test_a_file_that_is_added_at_the_time_of_reading_is_found(tmp_path):
    stamp = time.time_ns()
    os.utime(tmp_path, ns=(stamp, stamp))
    assert locate.locate(tmp_path, "C3ramp.fts") is None
    path = _write(tmp_path / "C3ramp.fts")
    os.utime(tmp_path, ns=(stamp, stamp))
    assert locate.locate(tmp_path, "C3ramp.fts") == path


def test_a_removed_file_is_searched_for_elsewhere(tmp_path):
    first, second = _write(tmp_path / "a" / "C3ramp.fts"), tmp_path / "b" / "C3ramp.fts"
    assert locate.locate(tmp_path, "C3ramp.fts") == first
    second.parent.mkdir()
    first.rename(second)
    assert locate.locate(tmp_path, "C3ramp.fts") == second
    second.unlink()
    assert locate.locate(tmp_path, "C3ramp.fts") is None


def test_a_folder_that_appears_later_is_read(tmp_path):
    assert locate.locate(tmp_path / "later", "C3ramp.fts") is None
    path = _write(tmp_path / "later" / "C3ramp.fts")
    assert locate.locate(tmp_path / "later", "C3ramp.fts") == path


def test_a_folder_is_read_once_also_for_files_that_it_lacks(tmp_path, monkeypatch):
    path = _write(tmp_path / "a" / "C3ramp.fts")
    _age(tmp_path)
    walked = []
    monkeypatch.setattr(locate.os, "walk", lambda root, walk=os.walk: walked.append(root) or walk(root))
    for _ in range(5):
        assert locate.locate(tmp_path, "C3ramp.fts") == path
        assert locate.locate(tmp_path, "c3_expfactor_020108.dat") is None
    assert len(walked) == 1


def test_a_tree_that_does_not_change_is_walked_once(tmp_path, monkeypatch):
    for month in range(20):
        folder = tmp_path / f"{month:04d}"
        folder.mkdir()
        for day in range(20):
            (folder / f"c3_expfactor_{month:04d}{day:02d}.dat").touch()
    _age(tmp_path)
    walks, walk = [], os.walk
    monkeypatch.setattr(locate.os, "walk", lambda root: walks.append(root) or walk(root))
    for day in range(20):
        assert locate.locate(tmp_path, f"c3_expfactor_0010{day:02d}.dat")
        assert locate.locate(tmp_path, f"c2_expfactor_0010{day:02d}.dat") is None
    assert len(walks) == 1


def test_circular_links_end_and_links_to_files_are_followed(tmp_path):
    target = _write(tmp_path / "elsewhere" / "ramp")
    root = tmp_path / "store"
    (root / "a").mkdir(parents=True)
    (root / "a" / "up").symlink_to(root)
    (root / "a" / "out").symlink_to("/")
    (root / "c2vig_final.fts").symlink_to(tmp_path / "nowhere")
    (root / "C3ramp.fts").symlink_to(target)
    assert locate.locate(root, "C3ramp.fts") == root / "C3ramp.fts"
    assert locate.locate(root, "c2vig_final.fts") is None


def test_the_number_of_cached_folders_is_limited(tmp_path):
    for number in range(2 * locate.MAX_CACHED_FOLDERS):
        _write(tmp_path / str(number) / "C3ramp.fts")
        assert locate.locate(tmp_path / str(number), "C3ramp.fts")
    assert len(locate._trees) <= locate.MAX_CACHED_FOLDERS


@pytest.mark.slow
def test_threads_can_locate_while_files_are_added_and_removed(tmp_path):
    steady, errors = _write(tmp_path / "a" / "C3ramp.fts"), []

    def look():
        for _ in range(100):
            if locate.locate(tmp_path, "C3ramp.fts") != steady:
                errors.append("lost")
            locate.locate(tmp_path, "c3_expfactor_020108.dat")

    threads = [threading.Thread(target=look) for _ in range(4)]
    for thread in threads:
        thread.start()
    for number in range(50):
        _write(tmp_path / str(number) / "c3_expfactor_020108.dat").unlink()
    for thread in threads:
        thread.join()
    assert not errors


def test_the_exposure_table_is_named_after_telescope_and_utc_day():
    assert locate.exposure_table_name("C3", Time("2002-01-08T23:59:59", scale="utc")) == "c3_expfactor_020108.dat"
    assert locate.exposure_table_name("C2", Time("1996-05-01T00:00:10", scale="tai")) == "c2_expfactor_960430.dat"
