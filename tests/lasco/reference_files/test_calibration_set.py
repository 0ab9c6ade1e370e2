"""A calibration set and its files."""

from __future__ import annotations

import hashlib

from corinpaint.lasco.photometry.optics import OFFICIAL_FILES, load_calibration_set, load_optics
from corinpaint.lasco.reference_files.calibration_set import calibration_file


def test_the_files_are_named_with_the_hash_of_their_content(official):
    contents = {name: (official / "lasco" / "calib" / name).read_bytes() for name in OFFICIAL_FILES["C3"].values()}
    hashes = {file.name: file.sha256 for file in load_optics(load_calibration_set(official)).files.values()}
    assert hashes == {name: hashlib.sha256(content).hexdigest() for name, content in contents.items()}


def test_a_changed_file_is_hashed_again(tmp_path):
    path = tmp_path / "table.dat"
    path.write_text("one")
    before = calibration_file(path)
    path.write_text("two!")
    assert calibration_file(path).sha256 == hashlib.sha256(b"two!").hexdigest() != before.sha256
