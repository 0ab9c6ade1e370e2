"""The description of a checkpoint: files that are written here byte by byte, and read without torch."""

import hashlib
import json
import struct
import subprocess
import sys

import pytest

from corinpaint.lasco.errors import CheckpointError
from corinpaint.model.metadata import (
    DOMAINS,
    NOISE,
    SEQUENCE,
    SEQUENCE_LEVELS,
    default_checkpoint,
    read_info,
    read_verified,
    tensors_sha256,
    weights_dir,
)

TENSORS = [("b", "F32", (2,), b"12345678"), ("a", "F32", (1,), b"1234")]
ENTRIES = {
    "b": {"dtype": "F32", "shape": [2], "data_offsets": [0, 8]},
    "a": {"dtype": "F32", "shape": [1], "data_offsets": [8, 12]},
}
DESCRIPTION = {
    "format_version": 1,
    "corinpaint_version": "0.1",
    "domain": "equalised",
    "multiple": 64,
    "reach": 300,
    "sha256": tensors_sha256(TENSORS),
    "architecture": {"layers": 2},
    "training": {"steps": 7},
    "data": {"files": ["a.fts"]},
}


def file_of(metadata, entries=ENTRIES):
    header = json.dumps({"__metadata__": metadata, **entries}).encode()
    return struct.pack("<Q", len(header)) + header + b"".join(data for *_, data in TENSORS)


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a.safetensors"


def describe(path, entries=ENTRIES, **changes):
    description = {key: value for key, value in {**DESCRIPTION, **changes}.items() if value is not None}
    path.write_bytes(file_of({"corinpaint": json.dumps(description)}, entries))


def test_the_description_is_read_as_it_was_written(path):
    describe(path)

    info = read_info(str(path))

    assert info.path == path
    assert {key: getattr(info, key) for key in DESCRIPTION} == DESCRIPTION
    assert read_verified(path) == (info, path.read_bytes())


def test_importing_and_reading_do_not_import_torch(path):
    describe(path)
    code = (
        "import sys; from corinpaint.model.metadata import read_info, read_verified; "
        "sys.exit('imported at once') if 'torch' in sys.modules else None; "
        f"read_info({str(path)!r}); read_verified({str(path)!r}); sys.exit('torch' in sys.modules)"
    )

    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


def test_the_hash_depends_on_every_tensor_but_not_on_their_order():
    tensors = [("a", "F32", (2,), b"12345678"), ("b", "F32", (1,), b"1234")]

    assert tensors_sha256(tensors) == tensors_sha256(tensors[::-1])
    assert tensors_sha256(tensors) != tensors_sha256([tensors[0], ("b", "F32", (1,), b"1235")])
    assert tensors_sha256(tensors) != tensors_sha256([tensors[0], ("c", "F32", (1,), b"1234")])


def test_the_hash_of_published_weights_never_changes():
    by_hand = hashlib.sha256(b'["a", "F32", [1]]1234["b", "F32", [2]]12345678')

    assert tensors_sha256(TENSORS) == by_hand.hexdigest()


def test_the_shipped_weights_are_in_the_folder_of_the_package():
    assert default_checkpoint() == weights_dir() / "corinpaint.safetensors"
    assert weights_dir().name == "weights"


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(CheckpointError, match=r"gone\.safetensors: there is no such checkpoint"):
        read_info(tmp_path / "gone.safetensors")


def test_a_folder_is_not_a_checkpoint(tmp_path):
    with pytest.raises(CheckpointError, match="cannot be read"):
        read_info(tmp_path)


@pytest.mark.parametrize("metadata", [None, {}, {"format": "pt"}])
def test_safetensors_of_another_program_are_refused(path, metadata):
    path.write_bytes(file_of(metadata))

    with pytest.raises(CheckpointError, match="not a corinpaint checkpoint"):
        read_info(path)


@pytest.mark.parametrize("description", ["", "[]", "{}", "{'format_version': 1}"])
def test_a_description_that_cannot_be_read_is_reported_as_damage(path, description):
    path.write_bytes(file_of({"corinpaint": description}))

    with pytest.raises(CheckpointError, match="damaged checkpoint, its description cannot be read"):
        read_info(path)


def test_another_format_version_is_refused_with_a_remedy(path):
    describe(path, format_version=99)

    with pytest.raises(CheckpointError, match=r"format 99.*train again"):
        read_info(path)


@pytest.mark.parametrize("domain", DOMAINS)
def test_both_domains_are_known(path, domain):
    describe(path, domain=domain)

    assert read_info(path).domain == domain


def test_networks_for_sequences_see_frames_one_by_one_and_without_the_response_of_the_pixels():
    for domain in (SEQUENCE, SEQUENCE_LEVELS):
        assert domain.takes_context
        assert domain.takes_sequence
        assert domain.divides_response
    assert NOISE.takes_context
    assert not NOISE.takes_sequence
    assert not NOISE.divides_response
    assert [one.levels for one in DOMAINS.values()] == ["histogram", "noise", "noise", "histogram"]


def test_an_unknown_domain_is_refused_and_the_known_ones_are_named(path):
    describe(path, domain="linear")

    with pytest.raises(CheckpointError, match=r"'linear'.*equalised or noise"):
        read_info(path)


def test_an_incomplete_description_is_refused(path):
    describe(path, reach=None)

    with pytest.raises(CheckpointError, match="incomplete"):
        read_info(path)


@pytest.mark.parametrize("entry", [7, {}, {"dtype": "F32", "shape": 1, "data_offsets": [0, 4]}])
def test_a_damaged_list_of_tensors_is_detected(path, entry):
    describe(path, {**ENTRIES, "a": entry})

    with pytest.raises(CheckpointError, match="its list of tensors cannot be read"):
        read_verified(path)


@pytest.mark.parametrize("entry", ["a", "b"])
def test_a_tensor_of_another_shape_does_not_match_the_hash(path, entry):
    describe(path, {**ENTRIES, entry: {**ENTRIES[entry], "shape": [1, 1]}})

    with pytest.raises(CheckpointError, match="do not match the hash"):
        read_verified(path)
