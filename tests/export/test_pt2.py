"""The program of torch.export: it gives the results of its checkpoint, describes itself, and holds no code."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from corinpaint.export import pt2, publish
from corinpaint.lasco.errors import CheckpointError, ExportError
from corinpaint.model.metadata import KEY, read_info
from corinpaint.restore.engines import base, loading
from corinpaint.restore.engines.torch import Pt2Inpainter

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def program(log_polar_checkpoint) -> Path:
    return pt2.export(log_polar_checkpoint, log_polar_checkpoint.with_suffix(".pt2"))


def test_the_program_gives_the_results_of_the_checkpoint_for_another_size_and_batch(program, log_polar_example):
    engine = loading.load(program)
    output = engine.fill(*log_polar_example.inputs)
    assert (engine.info.engine, engine.info.domain) == ("torch.export", "noise")
    assert np.array_equal(output.reached, log_polar_example.expected.reached)
    for actual, expected in zip((output.image, output.scale), log_polar_example.expected[::2], strict=True):
        assert np.abs(actual - expected).max() <= base.TOLERANCE * np.abs(expected).max()
        assert np.ptp(expected) > 0.01


def test_the_program_describes_itself_as_its_checkpoint_does(log_polar_checkpoint, program):
    info, described = read_info(log_polar_checkpoint), loading.load(program).info
    assert (described.sha256, described.multiple, described.reach) == (info.sha256, info.multiple, info.reach)


def test_the_program_holds_no_paths_of_this_machine_and_nothing_pickled_but_sample_inputs(program):
    with zipfile.ZipFile(program) as archive:
        for name in archive.namelist():
            assert str(Path(pt2.__file__).parents[1]).encode() not in archive.read(name), name
            if name.endswith("_config.json"):
                entries = json.loads(archive.read(name))["config"].values()
                assert not [entry for entry in entries if entry["use_pickle"]]
        assert not [name for name in archive.namelist() if name.endswith((".pkl", ".so"))]


def changed(program: Path, target: Path, change: Callable[[dict[str, bytes]], None]) -> Path:
    """A copy of a program with its members changed, checksums and all."""
    with zipfile.ZipFile(program) as archive:
        members = {name.split("/", 1)[1]: archive.read(name) for name in archive.namelist()}
    change(members)
    with zipfile.ZipFile(target, "w") as archive:
        for name, content in members.items():
            archive.writestr(f"{target.stem}/{name}", content)
    return target


def pickled(members: dict[str, bytes]) -> None:
    config = json.loads(members["data/weights/model_weights_config.json"])
    next(iter(config["config"].values()))["use_pickle"] = True
    members["data/weights/model_weights_config.json"] = json.dumps(config).encode()


def elsewhere(members: dict[str, bytes]) -> None:
    config = json.loads(members["data/constants/model_constants_config.json"])
    next(iter(config["config"].values()))["path_name"] = "opaque_obj_0/../../extra/corinpaint"
    members["data/constants/model_constants_config.json"] = json.dumps(config).encode()


def with_library(members: dict[str, bytes]) -> None:
    members["data/aotinductor/model/library.so"] = b"code"


@pytest.mark.parametrize("change", [pickled, elsewhere, with_library])
def test_a_program_that_could_run_code_when_it_is_read_is_refused_unread(program, tmp_path, monkeypatch, change):
    import torch

    monkeypatch.setattr(torch.export, "load", lambda *_: pytest.fail("was read"))
    with pytest.raises(CheckpointError, match=r"x\.pt2: holds pickled objects or libraries"):
        Pt2Inpainter(changed(program, tmp_path / "x.pt2", change))


@pytest.fixture
def unread(monkeypatch) -> None:
    import torch

    monkeypatch.setattr(torch.export, "load", lambda *_: pytest.fail("was read"))


CONFIG = "data/weights/model_weights_config.json"


def pickled_config(members: dict[str, bytes]) -> bytes:
    """A config that gives a tensor as pickled, in a member that no other config refers to."""
    config = json.loads(members[CONFIG])
    next(iter(config["config"].values())).update(use_pickle=True, path_name="weight_999")
    return json.dumps(config).encode()


@pytest.mark.usefixtures("unread")
@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize("copies", [1, 2, 3])
def test_a_config_of_pickles_hidden_behind_a_clean_one_of_the_same_name_is_refused_unread(program, tmp_path, copies):
    with zipfile.ZipFile(program) as source, zipfile.ZipFile(tmp_path / "x.pt2", "w") as target:
        members = {name.split("/", 1)[1]: source.read(name) for name in source.namelist()}
        for name, content in members.items():
            for hidden in [pickled_config(members)] * copies if name == CONFIG else []:
                target.writestr(f"x/{name}", hidden)
            target.writestr(f"x/{name}", content)
        target.writestr("x/data/weights/weight_999", b"not a pickle, and never read")
    with pytest.raises(CheckpointError, match=r"x\.pt2: holds two members of the same name"):
        Pt2Inpainter(tmp_path / "x.pt2")


@pytest.mark.usefixtures("unread")
@pytest.mark.parametrize("name", ["data/weights/weight_999", "data/constants/tensor_999", "data/weights/tensor_0"])
def test_a_tensor_that_no_config_refers_to_is_refused_unread(program, tmp_path, name):
    with pytest.raises(CheckpointError, match=r"x\.pt2: holds tensors that nothing in it refers to"):
        Pt2Inpainter(changed(program, tmp_path / "x.pt2", lambda members: members.update({name: b"tensor"})))


def test_torch_reads_the_members_that_were_checked_and_not_the_file(program, monkeypatch):
    import torch

    given = []
    load = torch.export.load
    monkeypatch.setattr(torch.export, "load", lambda file: given.append(file) or load(file))
    Pt2Inpainter(program)
    with zipfile.ZipFile(given[0]) as copy, zipfile.ZipFile(program) as original:
        assert given[0] != str(program)
        assert [copy.read(name) for name in copy.namelist()] == [original.read(name) for name in original.namelist()]


def test_a_program_that_corinpaint_did_not_export_is_refused(program, tmp_path):
    with pytest.raises(CheckpointError, match="no description inside"):
        Pt2Inpainter(changed(program, tmp_path / "x.pt2", lambda members: members.pop(f"extra/{KEY}")))


def test_a_program_with_other_weights_is_refused_by_its_fingerprint(program, tmp_path):
    def other(members: dict[str, bytes]) -> None:
        for name in members:
            if name.startswith("data/weights/weight_"):
                weights = np.frombuffer(members[name], dtype="<f4")
                members[name] = (weights * np.float32(1.5)).tobytes()

    with pytest.raises(CheckpointError, match=r"torch\.export gives another output than its checkpoint"):
        Pt2Inpainter(changed(program, tmp_path / "x.pt2", other))


def test_a_program_that_cannot_be_read_is_named(program, tmp_path):
    def broken(members: dict[str, bytes]) -> None:
        members["models/model.json"] = b"{}"

    with pytest.raises(CheckpointError, match=r"x\.pt2: not a readable program"):
        Pt2Inpainter(changed(program, tmp_path / "x.pt2", broken))


def test_a_failed_verification_leaves_no_file_behind(log_polar_checkpoint, program, tmp_path, monkeypatch):
    import torch

    def refuse(*_):
        raise ExportError("differs")

    ready = torch.export.load(str(program))
    monkeypatch.setattr(pt2, "_export_program", lambda *_: ready)
    monkeypatch.setattr(pt2, "Pt2Inpainter", Path)
    monkeypatch.setattr(publish, "verify", refuse)
    with pytest.raises(ExportError, match="differs"):
        pt2.export(log_polar_checkpoint, tmp_path / "model.pt2")
    assert list(tmp_path.iterdir()) == []
