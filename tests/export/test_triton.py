"""The model repository for Triton: a configuration that follows its schema, and the model that it names."""

from __future__ import annotations

import sys
from importlib.util import find_spec, module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType

import onnx
import pytest

from corinpaint.export import triton
from corinpaint.lasco.errors import CheckpointError, ExportError, OptionError, OutputError
from corinpaint.model.metadata import read_info


@pytest.fixture(scope="module")
def schema() -> ModuleType:
    """Triton's own ModelConfig, as its client ships it; loaded by path, since importing the client starts much more."""
    package = find_spec("tritonclient")
    if package is None or package.origin is None:
        pytest.skip("tritonclient is not installed; install corinpaint[dev]")
    path = Path(package.origin).with_name("grpc") / "model_config_pb2.py"
    spec = spec_from_file_location("triton_model_config", path)
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("google.protobuf.runtime_version.ValidateProtobufRuntimeVersion", lambda *_: None)
        spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def repository(log_polar_checkpoint, log_polar_onnx, tmp_path_factory) -> Path:
    assert log_polar_onnx.is_file()
    return triton.export(log_polar_checkpoint, tmp_path_factory.mktemp("triton") / "models").parent


def parsed(schema: ModuleType, text: str):
    from google.protobuf import text_format

    return text_format.Parse(text, schema.ModelConfig())


def test_the_repository_holds_the_model_at_the_path_that_triton_expects(repository, log_polar_onnx):
    files = {str(path.relative_to(repository)) for path in repository.rglob("*") if path.is_file()}
    assert files == {"corinpaint/config.pbtxt", "corinpaint/1/model.onnx"}
    assert (repository / "corinpaint" / "1" / "model.onnx").read_bytes() == log_polar_onnx.read_bytes()
    assert [path.name for path in repository.parent.iterdir()] == ["models"]


def test_the_configuration_follows_tritons_schema_and_names_the_inputs_and_outputs_of_the_model(schema, repository):
    config = parsed(schema, (repository / "corinpaint" / "config.pbtxt").read_text())
    graph = onnx.load(str(repository / "corinpaint" / "1" / "model.onnx")).graph
    assert (config.name, config.platform) == ("corinpaint", "onnxruntime_onnx")
    assert [end.name for end in config.input] == [end.name for end in graph.input] == ["image", "mask", "place"]
    assert [end.name for end in config.output] == [end.name for end in graph.output]
    assert [list(end.dims) for end in config.input] == [[2, -1, -1], [2, -1, -1], [2]]
    assert [list(end.dims) for end in config.output] == [[1, -1, -1]] * 3
    assert {end.data_type for end in (*config.input, *config.output)} == {schema.TYPE_FP32}
    assert config.max_batch_size > 1
    assert config.dynamic_batching.max_queue_delay_microseconds > 0
    assert config.instance_group[0].kind == schema.ModelInstanceGroup.KIND_CPU


def test_the_warm_up_input_is_a_window_that_the_model_accepts(schema, repository):
    config = parsed(schema, (repository / "corinpaint" / "config.pbtxt").read_text())
    warm = config.model_warmup[0]
    assert {name: list(end.dims) for name, end in warm.inputs.items()} == {
        "image": [2, 384, 384],
        "mask": [2, 384, 384],
        "place": [2],
    }
    assert all(end.random_data for end in warm.inputs.values())


def test_the_schema_refuses_an_invalid_configuration(schema):
    from google.protobuf import text_format

    with pytest.raises(text_format.ParseError):
        parsed(schema, 'name: "x" dynamic_batches { }')


def test_the_configuration_requests_a_gpu_and_names_the_weights(schema, log_polar_onnx):
    text = triton.configuration(onnx.load(str(log_polar_onnx)).graph, "gpu", "abc123")
    assert parsed(schema, text).instance_group[0].kind == schema.ModelInstanceGroup.KIND_GPU
    assert "abc123" in text


def test_a_folder_that_it_made_is_replaced_and_any_other_is_not(repository, log_polar_checkpoint, tmp_path):
    config = repository / "corinpaint" / "config.pbtxt"
    config.write_text(config.read_text() + "# edited")
    (repository / "corinpaint" / "stale").touch()
    triton.export(log_polar_checkpoint, repository)
    assert "# edited" not in config.read_text()
    assert read_info(log_polar_checkpoint).sha256 in config.read_text()
    assert not (repository / "corinpaint" / "stale").exists()
    (tmp_path / "corinpaint").mkdir()
    (tmp_path / "corinpaint" / "config.pbtxt").write_text('name: "other"')
    with pytest.raises(OutputError, match="not made by this command"):
        triton.export(log_polar_checkpoint, tmp_path)
    assert (tmp_path / "corinpaint" / "config.pbtxt").read_text() == 'name: "other"'


def test_a_failed_export_leaves_the_existing_model(repository, log_polar_checkpoint, monkeypatch):
    def refuse(*_):
        raise ExportError("differs")

    before = (repository / "corinpaint" / "1" / "model.onnx").read_bytes()
    monkeypatch.setattr(triton.onnx, "copy_or_export", refuse)
    with pytest.raises(ExportError, match="differs"):
        triton.export(log_polar_checkpoint, repository)
    assert (repository / "corinpaint" / "1" / "model.onnx").read_bytes() == before
    assert [path.name for path in repository.iterdir()] == ["corinpaint"]


def test_errors_are_raised_before_anything_is_written(log_polar_checkpoint, tmp_path, monkeypatch):
    with pytest.raises(OptionError, match="cpu or gpu"):
        triton.export(log_polar_checkpoint, tmp_path / "a", kind="tpu")
    with pytest.raises(CheckpointError, match=r"none\.safetensors"):
        triton.export(tmp_path / "none.safetensors", tmp_path / "a")
    monkeypatch.setitem(sys.modules, "onnx", None)
    with pytest.raises(ExportError, match=r"corinpaint\[export\]"):
        triton.export(log_polar_checkpoint, tmp_path / "a")
    assert not (tmp_path / "a").exists()
