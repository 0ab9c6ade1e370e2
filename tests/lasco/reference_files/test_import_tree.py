"""Official files from a SolarSoft tree."""

from __future__ import annotations

import errno
import os
from datetime import date
from pathlib import Path

import official_tree
import pytest

from corinpaint.lasco.errors import CalibrationError, OptionError
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.reference_files import catalogue, manifest
from corinpaint.lasco.reference_files import import_tree as importing
from corinpaint.lasco.reference_files.import_tree import import_tree, source_tree

DAYS = [date(2002, 1, 8), date(2002, 1, 9)]
TABLES = catalogue.daily_tables(DAYS)
EVERYTHING = [*catalogue.FIXED_FILES, *TABLES]
RAMP = catalogue.identify("C3ramp.fts")


@pytest.fixture
def source(tmp_path) -> Path:
    """A tree with every file, all in one folder but one."""
    root = official_tree.tree(tmp_path / "ssw", EVERYTHING, flat=True)
    (root / "deep" / "down").mkdir(parents=True)
    (root / "C3ramp.fts").rename(root / "deep" / "down" / "C3ramp.fts")
    (root / "README").write_text("not official")
    return root


def _contents(root):
    return {path.relative_to(root).as_posix(): path.read_bytes() for path in root.rglob("*") if path.is_file()}


def test_files_at_any_depth_are_copied_to_the_layout_of_the_servers(source, tmp_path):
    before = _contents(source)
    report = import_tree(source, tmp_path / "store")
    assert {asset.name for asset in report.added} == {asset.name for asset in EVERYTHING}
    assert (report.ok, report.absent) == (True, [])
    assert set(_contents(tmp_path / "store")) == {asset.path for asset in EVERYTHING} | {manifest.LOCK_FILE}
    assert {entry.source for entry in manifest.read(tmp_path / "store").values()} == {"imported"}
    assert manifest.verify(tmp_path / "store") == []
    assert load_calibration_set(tmp_path / "store").kind == "OFFICIAL"
    assert _contents(source) == before


def test_days_and_telescopes_can_be_chosen(source, tmp_path):
    report = import_tree(source, tmp_path / "store", days=DAYS[:1], detectors=["C2"])
    assert set(report.added) == {*catalogue.fixed_files(["C2"]), catalogue.exposure_table("C2", DAYS[0])}


def test_damaged_files_are_named_and_left_out(source, tmp_path):
    (source / "c3_post_recovery_adj_xyr_medv2.sav").write_text(",c_tai\n2000-01-01,1\n")
    (source / TABLES[0].name).write_bytes(official_tree.PAGE)
    report = import_tree(source, tmp_path / "store")
    assert {asset.name for asset, _ in report.failed} == {"c3_post_recovery_adj_xyr_medv2.sav", TABLES[0].name}
    assert str(source) in str(report.failed[0][1])
    assert manifest.verify(tmp_path / "store") == []
    assert len(report.added) == len(EVERYTHING) - 2


def test_of_several_files_with_a_name_the_first_valid_one_is_copied(source, tmp_path):
    (source / "C3ramp.fts").write_bytes(official_tree.PAGE)
    assert RAMP in import_tree(source, tmp_path / "store").added


def test_a_link_to_nothing_is_named(source, tmp_path):
    (source / TABLES[0].name).unlink()
    (source / TABLES[0].name).symlink_to(tmp_path / "nowhere")
    ((asset, error),) = import_tree(source, tmp_path / "store").failed
    assert asset == TABLES[0]
    assert "cannot be read" in str(error)


def test_files_that_the_tree_lacks_are_reported(source, tmp_path):
    (source / "occulter_center.dat").unlink()
    report = import_tree(source, tmp_path / "store")
    assert (report.ok, [asset.name for asset in report.absent]) == (True, ["occulter_center.dat"])


def test_a_second_import_changes_nothing_and_other_content_needs_an_update(source, tmp_path):
    import_tree(source, tmp_path / "store")
    assert import_tree(source, tmp_path / "store").added == []
    (source / "deep" / "down" / "C3ramp.fts").write_bytes(official_tree.fits_image(value=99))
    ((asset, error),) = import_tree(source, tmp_path / "store").failed
    assert asset == RAMP
    assert "--update" in str(error)
    assert import_tree(source, tmp_path / "store", update=True).added == [RAMP]
    assert manifest.verify(tmp_path / "store") == []


def test_a_folder_imported_into_itself_is_recorded_in_place(source):
    before = set(_contents(source))
    report = import_tree(source, source)
    assert len(report.added) == len(EVERYTHING)
    assert set(_contents(source)) == before | {manifest.LOCK_FILE}
    assert manifest.verify(source) == []
    assert import_tree(source, source).added == []


def test_a_full_disk_ends_the_import_and_keeps_the_files_before(source, tmp_path, monkeypatch):
    def copy(file, part, copy=importing.shutil.copyfileobj):
        if file.name.endswith(".sav"):
            part.write(b"half")
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        copy(file, part)

    monkeypatch.setattr(importing.shutil, "copyfileobj", copy)
    report = import_tree(source, tmp_path / "store")
    ((_, error),) = report.failed
    assert "No space left on device" in str(error)
    assert report.added
    assert len(report.added) + 1 + len(report.untried) == len(EVERYTHING)
    assert manifest.verify(tmp_path / "store") == []


def test_a_missing_or_empty_tree_is_named(tmp_path):
    with pytest.raises(CalibrationError, match="nowhere: no such folder"):
        import_tree(tmp_path / "nowhere", tmp_path / "store")
    with pytest.raises(CalibrationError, match="none of the requested official files"):
        import_tree(tmp_path, tmp_path / "store")
    assert not (tmp_path / "store").exists()


def test_the_tree_of_this_machine_is_the_one_of_solarsoft():
    assert source_tree({"LASCO_DATA": "/lasco", "SSW": "/ssw"}) == Path("/lasco")
    assert source_tree({"LASCO_DATA": "", "SSW": "/ssw"}) == Path("/ssw/soho/lasco")
    with pytest.raises(OptionError, match="LASCO_DATA"):
        source_tree({})
