"""Checkpoints: they describe themselves, and nothing but the right file is accepted."""

import json
import struct
import subprocess
import sys

import pytest
import torch
from safetensors.torch import save_file

from corinpaint.lasco.errors import CheckpointError
from corinpaint.lasco.version import __version__
from corinpaint.model.checkpoint import load_checkpoint, save_checkpoint
from corinpaint.model.metadata import default_checkpoint, read_info, tensors_sha256, weights_dir
from corinpaint.model.stack import LayerStack, StackConfig
from corinpaint.model.unet import UNetConfig

CONFIG = StackConfig(layers=2, unet=UNetConfig(base=4, depth=3, max_width=8, bottom=1), growth=5)
RECORD = {"training": {"steps": 7}, "data": {"files": ["a.fts"]}}


@pytest.fixture
def model():
    torch.manual_seed(3)
    stack = LayerStack(CONFIG)
    torch.nn.init.normal_(stack.layers[0].last.weight)
    return stack


@pytest.fixture
def path(tmp_path, model):
    save_checkpoint(tmp_path / "a.safetensors", model, RECORD)
    return tmp_path / "a.safetensors"


def rewrite(path, change):
    content = path.read_bytes()
    length = struct.unpack("<Q", content[:8])[0]
    header = json.loads(content[8 : 8 + length])
    values = json.loads(header["__metadata__"]["corinpaint"])
    change(values)
    header["__metadata__"]["corinpaint"] = json.dumps(values)
    raw = json.dumps(header).encode()
    raw += b" " * (-len(raw) % 8)
    path.write_bytes(struct.pack("<Q", len(raw)) + raw + content[8 + length :])


def test_a_model_comes_back_with_nothing_but_its_file(path, model):
    loaded, info = load_checkpoint(path)

    image, mask = torch.rand(1, 1, 128, 128), torch.ones(1, 1, 128, 128)
    mask[:, :, 32:64, 32:64] = 0
    assert loaded.config == model.config
    assert torch.equal(loaded(image, mask).filled[-1], model(image, mask).filled[-1])
    assert not loaded.training
    assert info == read_info(path)


def test_the_description_tells_what_a_user_of_the_model_must_know(path, model):
    info = read_info(path)

    assert (info.format_version, info.corinpaint_version, info.domain) == (1, __version__, "equalised")
    assert (info.multiple, info.reach) == (model.multiple, model.reach)
    assert (info.training, info.data) == (RECORD["training"], RECORD["data"])
    assert info.architecture["layers"] == 2


def test_the_description_is_read_without_torch(path):
    code = (
        "import sys; from corinpaint.model.metadata import read_info; "
        f"read_info({str(path)!r}); sys.exit('torch' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_hash_depends_on_every_tensor_but_not_on_their_order():
    tensors = [("a", "F32", (2,), b"12345678"), ("b", "F32", (1,), b"1234")]

    assert tensors_sha256(tensors) == tensors_sha256(tensors[::-1])
    assert tensors_sha256(tensors) != tensors_sha256([tensors[0], ("b", "F32", (1,), b"1235")])
    assert tensors_sha256(tensors) != tensors_sha256([tensors[0], ("c", "F32", (1,), b"1234")])


def test_saving_leaves_nothing_but_the_file_behind(path):
    assert [found.name for found in path.parent.iterdir()] == [path.name]


def test_the_shipped_weights_lie_beside_the_package():
    assert default_checkpoint() == weights_dir() / "corinpaint.safetensors"
    assert weights_dir().name == "weights"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"gone\.safetensors: there is no such checkpoint"):
        read_info(tmp_path / "gone.safetensors")


@pytest.mark.parametrize("content", [b"", b"short", b"SIMPLE  =                    T", b"\x05\0\0\0\0\0\0\0[1,2]"])
def test_a_foreign_file_is_refused(tmp_path, content):
    (tmp_path / "x.safetensors").write_bytes(content)

    with pytest.raises(CheckpointError, match=r"x\.safetensors: not a corinpaint checkpoint"):
        load_checkpoint(tmp_path / "x.safetensors")


def test_safetensors_of_another_program_are_refused(tmp_path):
    save_file({"weight": torch.zeros(2)}, tmp_path / "x.safetensors")

    with pytest.raises(CheckpointError, match="not a corinpaint checkpoint"):
        read_info(tmp_path / "x.safetensors")


def test_a_single_flipped_bit_is_noticed(path):
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)

    with pytest.raises(CheckpointError, match=r"a\.safetensors: damaged .* do not match the hash"):
        load_checkpoint(path)


@pytest.mark.parametrize("length", [100, -100])
def test_a_truncated_file_is_noticed(path, length):
    path.write_bytes(path.read_bytes()[:length])

    with pytest.raises(CheckpointError, match="damaged checkpoint"):
        load_checkpoint(path)


def test_another_format_version_is_refused_with_a_remedy(path):
    rewrite(path, lambda values: values.update(format_version=99))

    with pytest.raises(CheckpointError, match=r"format 99.*train again"):
        read_info(path)


def test_another_domain_is_refused(path):
    rewrite(path, lambda values: values.update(domain="linear"))

    with pytest.raises(CheckpointError, match="'linear'"):
        read_info(path)


def test_an_incomplete_description_is_refused(path):
    rewrite(path, lambda values: values.pop("reach"))

    with pytest.raises(CheckpointError, match="incomplete"):
        read_info(path)


def test_weights_of_another_architecture_are_refused(path):
    rewrite(path, lambda values: values["architecture"].update(layers=3))

    with pytest.raises(CheckpointError, match="do not fit the architecture"):
        load_checkpoint(path)


def test_a_folder_that_cannot_be_made_is_named(tmp_path, model):
    (tmp_path / "file").write_text("")

    with pytest.raises(CheckpointError, match="cannot be written"):
        save_checkpoint(tmp_path / "file" / "a.safetensors", model)
