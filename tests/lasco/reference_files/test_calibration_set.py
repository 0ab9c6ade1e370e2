"""A calibration set and the files that it holds."""

from __future__ import annotations

import hashlib

from corinpaint.lasco.photometry.optics import OFFICIAL_FILES, load_assets, load_optics
from corinpaint.lasco.reference_files.calibration_set import asset_file


def test_the_files_are_named_with_the_hash_of_their_content(official):
    contents = {name: (official / "lasco" / "calib" / name).read_bytes() for name in OFFICIAL_FILES["C3"].values()}
    told = {file.name: file.sha256 for file in load_optics(load_assets(official)).files.values()}
    assert told == {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def test_a_file_that_was_changed_is_hashed_anew(tmp_path):
    path = tmp_path / "table.dat"
    path.write_text("one")
    before = asset_file(path)
    path.write_text("two!")
    assert asset_file(path).sha256 == hashlib.sha256(b"two!").hexdigest() != before.sha256
