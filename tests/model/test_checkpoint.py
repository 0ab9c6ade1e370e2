"""Checkpoints: they describe themselves, and any other file is refused."""

import pytest
import torch

from corinpaint.lasco.errors import CheckpointError
from corinpaint.lasco.version import __version__
from corinpaint.model.checkpoint import load_checkpoint, save_checkpoint
from corinpaint.model.log_polar import EXTRAS, INPUTS, LogPolarConfig, LogPolarStack
from corinpaint.model.metadata import read_info
from corinpaint.model.sequence import from_single
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


def test_a_model_is_rebuilt_from_its_file_alone(path, model):
    loaded, info = load_checkpoint(path)

    image, mask = torch.rand(1, 1, 128, 128), torch.ones(1, 1, 128, 128)
    mask[:, :, 32:64, 32:64] = 0
    assert loaded.config == model.config
    assert torch.equal(loaded(image, mask).filled[-1], model(image, mask).filled[-1])
    assert not loaded.training
    assert info == read_info(path)


def test_the_description_holds_everything_that_a_user_of_the_model_must_know(path, model):
    info = read_info(path)

    assert (info.format_version, info.corinpaint_version, info.domain) == (1, __version__, "equalised")
    assert (info.multiple, info.reach) == (model.multiple, model.reach)
    assert (info.training, info.data) == (RECORD["training"], RECORD["data"])
    assert info.architecture["layers"] == 2


def test_saving_leaves_no_temporary_file_behind(path):
    assert [found.name for found in path.parent.iterdir()] == [path.name]


@pytest.mark.parametrize("content", [b"", b"short", b"SIMPLE  =                    T", b"\x05\0\0\0\0\0\0\0[1,2]"])
def test_a_foreign_file_is_refused(tmp_path, content):
    (tmp_path / "x.safetensors").write_bytes(content)

    with pytest.raises(CheckpointError, match=r"x\.safetensors: not a corinpaint checkpoint"):
        load_checkpoint(tmp_path / "x.safetensors")


def test_a_single_flipped_bit_is_detected(path):
    content = bytearray(path.read_bytes())
    content[-5] ^= 1
    path.write_bytes(content)

    with pytest.raises(CheckpointError, match=r"a\.safetensors: damaged .* do not match the hash"):
        load_checkpoint(path)


@pytest.mark.parametrize("length", [100, -100])
def test_a_truncated_file_is_detected(path, length):
    path.write_bytes(path.read_bytes()[:length])

    with pytest.raises(CheckpointError, match="damaged checkpoint"):
        load_checkpoint(path)


def test_weights_of_another_architecture_are_refused(path):
    content = path.read_bytes()
    assert content.count(rb"\"layers\": 2") == 1
    path.write_bytes(content.replace(rb"\"layers\": 2", rb"\"layers\": 3"))

    with pytest.raises(CheckpointError, match="do not fit the architecture"):
        load_checkpoint(path)


def test_a_folder_that_cannot_be_created_is_named(tmp_path, model):
    (tmp_path / "file").write_text("")

    with pytest.raises(CheckpointError, match="cannot be written"):
        save_checkpoint(tmp_path / "file" / "a.safetensors", model)


@pytest.fixture
def straight():
    torch.manual_seed(3)
    unet = UNetConfig(base=4, depth=2, max_width=8, bottom=1, residual=1, inputs=INPUTS, extras=EXTRAS, outputs=2)
    model = LogPolarStack(LogPolarConfig(layers=2, unet=unet, growth=3))
    torch.nn.init.normal_(model.layers[1].last.weight)
    return model.eval()


def test_a_network_for_log_polar_windows_is_rebuilt_from_its_file_alone(tmp_path, straight):
    info = save_checkpoint(tmp_path / "s.safetensors", straight, RECORD)
    loaded, info_read = load_checkpoint(tmp_path / "s.safetensors")

    given = torch.rand(1, 2, 64, 64), torch.ones(1, 2, 64, 64), torch.tensor([(300.0, 1.0)])
    given[1][:, :, 16:48, 16:48] = 0
    assert info_read == info
    assert (info.domain, info.multiple, info.reach) == ("noise", straight.multiple, straight.reach)
    assert isinstance(loaded, LogPolarStack)
    assert loaded.config == straight.config
    for first, second in zip(loaded(*given), straight(*given), strict=True):
        assert torch.equal(first, second)


@pytest.mark.parametrize(("levels", "domain"), [("noise", "sequence"), ("histogram", "sequence-levels")])
def test_a_network_for_sequences_keeps_the_levels_that_it_sees(tmp_path, straight, levels, domain):
    info = save_checkpoint(tmp_path / "s.safetensors", from_single(straight, 2, levels))
    loaded, _ = load_checkpoint(tmp_path / "s.safetensors")

    assert info.domain == loaded.domain == domain
    assert loaded.config.levels == levels


def test_files_from_before_there_were_levels_see_units_of_the_noise(tmp_path, straight):
    path = tmp_path / "s.safetensors"
    before = save_checkpoint(path, from_single(straight, 2))
    content = path.read_bytes()
    assert content.count(rb", \"levels\": \"noise\"") == 1
    older = content[8:].replace(rb", \"levels\": \"noise\"", b"")
    length = int.from_bytes(content[:8], "little") + len(older) - len(content[8:])
    path.write_bytes(length.to_bytes(8, "little") + older)

    loaded, info = load_checkpoint(path)

    assert (loaded.config.levels, loaded.domain, info.sha256) == ("noise", "sequence", before.sha256)


def test_the_domain_identifies_the_architecture_of_a_file(path, tmp_path, straight):
    save_checkpoint(tmp_path / "s.safetensors", straight)

    for file, domain, other in ((path, b"equalised", b"noise"), (tmp_path / "s.safetensors", b"noise", b"equalised")):
        content = file.read_bytes()
        exchanged = content[8:].replace(rb"\"domain\": \"%s\"" % domain, rb"\"domain\": \"%s\"" % other)
        length = int.from_bytes(content[:8], "little") + len(exchanged) - len(content[8:])
        file.write_bytes(length.to_bytes(8, "little") + exchanged)
        with pytest.raises(CheckpointError, match="do not fit the architecture"):
            load_checkpoint(file)
