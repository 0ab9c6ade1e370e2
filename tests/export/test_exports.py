"""TorchScript and ONNX exports, and the proof that comes with them."""

from __future__ import annotations

import json
import shutil
import zipfile
from dataclasses import replace
from pathlib import Path

import numpy as np
import onnx
import pytest

from corinpaint.export import mar, torchscript, verify
from corinpaint.export import onnx as onnx_export
from corinpaint.lasco.errors import CalibrationError, CheckpointError, ExportError, OutputError
from corinpaint.model.metadata import KEY, default_checkpoint, read_info
from corinpaint.restore import backends
from corinpaint.restore.torch_backends import TorchInpainter, TorchScriptInpainter


@pytest.fixture(scope="module")
def archive(checkpoint, onnx_model, tmp_path_factory) -> Path:
    assert onnx_model.is_file()
    return mar.export(checkpoint, tmp_path_factory.mktemp("archive") / "corinpaint.mar")


def test_every_engine_gives_what_the_checkpoint_gives_on_a_size_and_batch_of_its_own(checkpoint, onnx_model, trace):
    random = np.random.default_rng(5)
    multiple = read_info(checkpoint).multiple
    image = random.random((3, 1, 5 * multiple, 7 * multiple), dtype=np.float32)
    mask = np.ones_like(image)
    mask[:, :, 20:50, 30:60] = 0
    wanted, wanted_mask = TorchInpainter(checkpoint).fill(image, mask)
    for path in (onnx_model, trace):
        restored, mask_out = backends.load(path).fill(image, mask)
        assert np.abs(restored - wanted).max() <= backends.TOLERANCE
        assert np.array_equal(mask_out, wanted_mask)
        assert np.array_equal(restored[mask > 0], image[mask > 0])


def test_an_export_describes_itself_as_its_checkpoint_does(checkpoint, onnx_model, trace):
    info = read_info(checkpoint)
    for path in (onnx_model, trace):
        told = backends.load(path).info
        assert (told.sha256, told.multiple, told.reach) == (info.sha256, info.multiple, info.reach)


def test_the_onnx_model_is_one_file_with_named_ends_and_no_paths_of_its_maker(checkpoint, onnx_model):
    model = onnx.load(str(onnx_model))
    assert [value.name for value in model.graph.input] == ["image", "mask"]
    assert [value.name for value in model.graph.output] == ["restored", "mask_out"]
    assert model.opset_import[0].version == onnx_export.OPSET
    description = json.loads(next(entry.value for entry in model.metadata_props if entry.key == KEY))
    assert description["domain"] == "equalised"
    assert description["outputs"] == ["restored", "mask_out"]
    assert str(Path(mar.__file__).parents[1]).encode() not in onnx_model.read_bytes()
    assert sorted(path.name for path in onnx_model.parent.glob(f"{checkpoint.stem}.onnx*")) == [onnx_model.name]


def test_the_cases_of_the_proof_hold_what_can_go_wrong(checkpoint):
    shares = {name.split(",")[0]: mask.mean() for name, _, mask in verify.cases(read_info(checkpoint).multiple)}
    assert shares["all valid"] == 1
    assert shares["nothing valid"] == 0
    assert 0 < shares["one pixel valid"] < 1e-3
    assert shares["many blocks lost"] < shares["one block lost"] < 1


class Spoiled:
    """The network in eager torch, with one thing wrong."""

    def __init__(self, checkpoint: Path, fault: str) -> None:
        self._engine = TorchInpainter(checkpoint)
        self._fault = fault
        self.info = self._engine.info
        if fault == "weights":
            self.info = replace(self.info, sha256="0" * 64)

    def fill(self, image, mask):
        restored, mask_out = (array.copy() for array in self._engine.fill(image, mask))
        hole = mask == 0
        if self._fault == "fills":
            restored[hole] += 1e-2
        if self._fault == "valid pixels":
            restored[~hole] += 1e-7
        if self._fault == "mask":
            mask_out[hole] = 0
        if self._fault == "nan" and hole.all():
            restored[...] = np.nan
        if self._fault == "shape":
            return restored[..., :-1], mask_out[..., :-1]
        return restored, mask_out


@pytest.mark.parametrize(
    ("fault", "message"),
    [
        ("fills", "one block lost.*differs by 0.01"),
        ("valid pixels", "valid pixels do not come out"),
        ("mask", "mask_out differs"),
        ("nan", "nothing valid.*not finite"),
        ("shape", "shape"),
        ("weights", "other weights"),
    ],
)
def test_a_faulty_export_is_refused_by_name_of_the_case(checkpoint, fault, message):
    with pytest.raises(ExportError, match=message):
        verify.verify(Spoiled(checkpoint, fault), checkpoint)


@pytest.mark.parametrize("module", [torchscript, onnx_export])
def test_a_failing_proof_leaves_nothing_behind(checkpoint, onnx_model, tmp_path, monkeypatch, module):
    def refuse(*_):
        raise ExportError("differs")

    monkeypatch.setattr(module, "verify", refuse)
    if module is onnx_export:
        ready = onnx.load(str(onnx_model))
        monkeypatch.setattr(module, "_translated", lambda *_: _without_description(ready))
    with pytest.raises(ExportError):
        module.export(checkpoint, tmp_path / "model.bin")
    assert list(tmp_path.iterdir()) == []


def _without_description(model):
    del model.metadata_props[:]
    return model


def test_an_export_replaces_the_one_that_is_there(checkpoint, trace, tmp_path):
    target = tmp_path / "model.pt"
    target.write_bytes(b"old")
    torchscript.export(checkpoint, target)
    assert TorchScriptInpainter(target).info.sha256 == TorchScriptInpainter(trace).info.sha256


def test_a_folder_that_cannot_be_made_is_an_error_with_a_remedy(checkpoint, tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        torchscript.export(checkpoint, tmp_path / "file" / "model.pt")


def test_a_missing_checkpoint_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"none\.safetensors"):
        mar.export(tmp_path / "none.safetensors", tmp_path / "corinpaint.mar")
    assert list(tmp_path.iterdir()) == []


def test_the_archive_holds_what_serving_needs_and_nothing_else(archive):
    with zipfile.ZipFile(archive) as content:
        names = set(content.namelist())
        manifest = json.loads(content.read("MAR-INF/MANIFEST.json"))
    assert {"corinpaint.onnx", "corinpaint.pt", "corinpaint_handler.py", "model-config.yaml"} <= names
    assert {"corinpaint/__init__.py", "corinpaint/lasco/data/never_sent_blocks.json"} <= names
    assert any(name.startswith("corinpaint/lasco/data/nominal/") for name in names)
    rooms = {name.split("/")[1] for name in names if name.startswith("corinpaint/") and name.count("/") > 1}
    assert rooms == set(mar.ROOMS)
    assert not [name for name in names if "weights" in name or "__pycache__" in name or name.endswith(".safetensors")]
    assert manifest["model"]["handler"] == "corinpaint_handler.py"
    assert manifest["model"]["configFile"] == "model-config.yaml"


def test_the_archive_takes_the_onnx_model_beside_the_checkpoint(archive, onnx_model):
    with zipfile.ZipFile(archive) as content:
        assert content.read("corinpaint.onnx") == onnx_model.read_bytes()


def test_an_onnx_model_of_other_weights_is_not_taken(onnx_model, small_checkpoint, tmp_path, monkeypatch):
    other = small_checkpoint(tmp_path / "other.safetensors", seed=1)
    shutil.copyfile(onnx_model, tmp_path / "other.onnx")

    def fresh(path, output):
        assert path == other
        shutil.copyfile(onnx_model, output)

    monkeypatch.setattr(mar.onnx, "export", fresh)
    mar.export(other, tmp_path / "corinpaint.mar")


def test_a_calibration_folder_that_is_not_complete_is_refused(checkpoint, onnx_model, tmp_path):
    assert onnx_model.is_file()
    (tmp_path / "calibration").mkdir()
    with pytest.raises(CalibrationError):
        mar.export(checkpoint, tmp_path / "corinpaint.mar", tmp_path / "calibration")
    assert not (tmp_path / "corinpaint.mar").exists()


def test_official_calibration_files_travel_in_the_archive(checkpoint, onnx_model, tmp_path, monkeypatch):
    assert onnx_model.is_file()
    folder = tmp_path / "calibration" / "c3"
    folder.mkdir(parents=True)
    for name in (*mar.OFFICIAL_FILES.values(), "c3_expfactor_020108.dat"):
        (folder / name).write_text(name)
    monkeypatch.setattr(mar, "load_assets", lambda _: None)
    with zipfile.ZipFile(mar.export(checkpoint, tmp_path / "corinpaint.mar", tmp_path / "calibration")) as content:
        assert "calibration/c3_expfactor_020108.dat" in content.namelist()
        assert b"calibration: calibration" in content.read("model-config.yaml")


@pytest.mark.skipif(not default_checkpoint().is_file(), reason="no weights are shipped yet")
def test_the_shipped_onnx_model_equals_the_shipped_checkpoint():
    verify.verify(backends.OnnxInpainter(backends.default_onnx()), default_checkpoint())
