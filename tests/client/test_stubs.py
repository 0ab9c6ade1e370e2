"""The stubs are those of their proto file, and speak to TorchServe's."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path

import pytest

pytest.importorskip("grpc", reason="grpcio is not installed; install corinpaint[client]")
STUBS = Path(__file__).resolve().parents[2] / "client" / "stubs"
PROTO = "corinpaint/client/stubs/inference.proto"


def generate(folder: Path, proto: str) -> None:
    outputs = [f"--{kind}_out={folder}" for kind in ("python", "pyi", "grpc_python")]
    command = [sys.executable, "-W", "ignore", "-m", "grpc_tools.protoc", f"-I{folder}", *outputs, proto]
    subprocess.run(command, check=True)


def text(path: Path) -> str:
    """Generated code without the versions of its generator, and the bases that newer ones leave out."""
    code = re.sub(r"(Protobuf Python Version: |GRPC_GENERATED_VERSION = ).*", r"\1", path.read_text())
    code = re.sub(r"(Domain\.PUBLIC,\n)(\s+\d+,\n){3}", r"\1", code)
    return code.replace("(object):", ":")


def test_generating_the_stubs_again_gives_the_same(tmp_path):
    pytest.importorskip("grpc_tools", reason="grpcio-tools is not installed")
    (tmp_path / PROTO).parent.mkdir(parents=True)
    shutil.copy(STUBS / "inference.proto", tmp_path / PROTO)
    generate(tmp_path, PROTO)
    made = sorted((tmp_path / PROTO).parent.glob("*.py*"))
    assert [path.name for path in made] == ["inference_pb2.py", "inference_pb2.pyi", "inference_pb2_grpc.py"]
    for path in made:
        assert text(path) == text(STUBS / path.name), path.name


@pytest.mark.slow
def test_names_and_numbers_are_those_of_torchserve():
    if find_spec("ts") is None:
        pytest.skip("torchserve is not installed; install corinpaint[serve]")
    from corinpaint.client.stubs import inference_pb2

    jar = Path(find_spec("ts").origin).parent / "frontend" / "model-server.jar"
    theirs = zipfile.ZipFile(jar).read("proto/inference.proto").decode()
    package = re.search(r"package ([\w.]+);", theirs)[1]
    assert inference_pb2.DESCRIPTOR.package == package
    for message in inference_pb2.DESCRIPTOR.message_types_by_name.values():
        body = re.search(rf"message {message.name} {{(.*?)\n}}", theirs, re.DOTALL)[1]
        for field in message.fields:
            assert re.search(rf"\b{field.name} = {field.number};", body), field.full_name
    for method in inference_pb2.DESCRIPTOR.services_by_name["InferenceAPIsService"].methods:
        assert re.search(rf"rpc {method.name}\(", theirs)
