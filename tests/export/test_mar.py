"""The TorchServe archive: its contents, the ONNX model that it packs, and the inputs that it refuses."""

from __future__ import annotations

import json
import shutil
import zipfile
from pathlib import Path

import pytest

from corinpaint.export import mar
from corinpaint.lasco.errors import CalibrationError, CheckpointError


@pytest.fixture(scope="module")
def archive(checkpoint, onnx_model, tmp_path_factory) -> Path:
    assert onnx_model.is_file()
    return mar.export(checkpoint, tmp_path_factory.mktemp("archive") / "corinpaint.mar")


def test_the_archive_holds_everything_that_serving_needs_and_nothing_else(archive):
    with zipfile.ZipFile(archive) as content:
        names = set(content.namelist())
        manifest = json.loads(content.read("MAR-INF/MANIFEST.json"))
    assert {"corinpaint.onnx", "corinpaint.pt", "corinpaint_handler.py", "model-config.yaml"} <= names
    assert {"corinpaint/__init__.py", "corinpaint/lasco/level05/never_sent_blocks.json"} <= names
    assert any(name.startswith("corinpaint/lasco/nominal/nominal_") for name in names)
    rooms = {name.split("/")[1] for name in names if name.startswith("corinpaint/") and name.count("/") > 1}
    assert rooms == set(mar.SUBPACKAGES)
    assert not [name for name in names if "weights" in name or "__pycache__" in name or name.endswith(".safetensors")]
    assert manifest["model"]["handler"] == "corinpaint_handler.py"
    assert manifest["model"]["configFile"] == "model-config.yaml"


def test_the_archive_does_not_record_when_it_was_made(archive):
    with zipfile.ZipFile(archive) as content:
        entries = content.infolist()
        manifest = json.loads(content.read("MAR-INF/MANIFEST.json"))
    assert {entry.date_time for entry in entries} == {(1980, 1, 1, 0, 0, 0)}
    assert [entry.filename for entry in entries] == sorted(entry.filename for entry in entries)
    assert manifest["createdOn"] == "01/01/1980 00:00:00"


def test_the_onnx_model_beside_the_checkpoint_is_packed(archive, onnx_model):
    with zipfile.ZipFile(archive) as content:
        assert content.read("corinpaint.onnx") == onnx_model.read_bytes()


def test_an_onnx_model_of_other_weights_is_not_packed(onnx_model, small_checkpoint, tmp_path, monkeypatch):
    other = small_checkpoint(tmp_path / "other.safetensors", seed=1)
    shutil.copyfile(onnx_model, tmp_path / "other.onnx")
    made = []

    def fresh(path, output):
        made.append(path)
        output.write_bytes(b"a model made anew")

    monkeypatch.setattr(mar.onnx, "export", fresh)
    with zipfile.ZipFile(mar.export(other, tmp_path / "corinpaint.mar")) as content:
        assert content.read("corinpaint.onnx") == b"a model made anew"
    assert made == [other]


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"none\.safetensors"):
        mar.export(tmp_path / "none.safetensors", tmp_path / "corinpaint.mar")
    assert list(tmp_path.iterdir()) == []


def test_an_incomplete_calibration_folder_is_refused(checkpoint, onnx_model, tmp_path):
    assert onnx_model.is_file()
    (tmp_path / "calibration").mkdir()
    with pytest.raises(CalibrationError):
        mar.export(checkpoint, tmp_path / "corinpaint.mar", tmp_path / "calibration")
    assert not (tmp_path / "corinpaint.mar").exists()


def test_official_calibration_files_are_packed(checkpoint, onnx_model, tmp_path, monkeypatch):
    assert onnx_model.is_file()
    folder = tmp_path / "calibration" / "c3"
    folder.mkdir(parents=True)
    for name in (
        "C3ramp.fts",
        "c2_time_offsets.dat",
        "c3_post_recovery_adj_xyr_medv2.sav",
        "c3_expfactor_020108.dat",
        "notes.txt",
    ):
        (folder / name).write_text(name)
    monkeypatch.setattr(mar, "load_calibration_set", lambda _: None)
    with zipfile.ZipFile(mar.export(checkpoint, tmp_path / "corinpaint.mar", tmp_path / "calibration")) as content:
        packed = {Path(name).name for name in content.namelist() if name.startswith("calibration/")}
        assert packed == {path.name for path in folder.iterdir()} - {"notes.txt"}
        assert b"calibration: calibration" in content.read("model-config.yaml")
