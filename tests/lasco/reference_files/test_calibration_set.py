"""A calibration set and its files."""

from __future__ import annotations

import hashlib

from corinpaint.lasco.photometry.optics import OFFICIAL_FILES, load_assets, load_optics
from corinpaint.lasco.reference_files.calibration_set import asset_file


def test_the_files_are_named_with_the_hash_of_their_content(official):
    contents = {name: (official / "lasco" / "calib" / name).read_bytes() for name in OFFICIAL_FILES["C3"].values()}
    hashes = {file.name: file.sha256 for file in load_optics(load_assets(official)).files.values()}
    assert hashes == {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def test_a_changed_file_is_hashed_again(tmp_path):
    path = tmp_path / "table.dat"
    path.write_text("one")
    before = asset_file(path)
    path.write_text("two!")
    assert asset_file(path).sha256 == hashlib.sha256(b"two!").hexdigest() != before.sha256
