"""The fingerprint: an input that depends on nothing, a hash over the file, and every change that they find."""

from __future__ import annotations

import json
import zipfile
from pathlib import Path

import numpy as np
import pytest

from corinpaint.lasco.errors import CheckpointError
from corinpaint.restore.engines import fingerprints
from corinpaint.restore.engines.base import Filled

PATH = Path("model.onnx")


def outputs(shift: float = 0.0) -> list[np.ndarray]:
    image = np.arange(64 * 64, dtype=np.float32).reshape(1, 1, 64, 64) / 4096
    return [image + np.float32(shift), np.ones_like(image), image + 1]


def told(precision: str = "float32") -> str:
    return json.dumps({"fingerprint": fingerprints.take(outputs(), precision)}, sort_keys=True)


@pytest.mark.parametrize(("domain", "planes", "multiple"), [("noise", 2, 64), ("equalised", 1, 128)])
def test_the_input_is_what_a_network_of_the_domain_takes(domain, planes, multiple):
    image, mask, *place = fingerprints.given(domain, multiple)
    assert image.shape == mask.shape == (1, planes, 128, 128)
    assert {array.dtype for array in (image, mask)} == {np.dtype("float32")}
    assert [array.shape for array in place] == ([(1, 2)] if domain == "noise" else [])
    assert not image[mask == 0].any()
    assert 0 < mask[0, 0].mean() < 1
    top = 30 + 1.5 if domain == "noise" else 1
    assert 0.9 * top < image.max() <= top
    assert image[mask > 0].min() > 0


def test_the_input_is_large_enough_for_networks_of_large_multiples():
    assert fingerprints.given("equalised", 160)[0].shape == (1, 1, 160, 160)


def test_the_input_can_be_made_again_by_others():
    """As docs/how_to/export.md says it, pixel by pixel."""
    image = fingerprints.given("noise", 64)[0]
    for row, column in ((0, 0), (3, 100), (127, 127)):
        random = (row * 128 + column + 1996) * 2654435769 % 2**32 / 2**32
        assert image[0, 0, row, column] == pytest.approx(30 * (1 - row / 256) + 3 * (random - 0.5), abs=1e-5)


def test_what_the_checkpoint_gives_is_taken():
    fingerprints.check(PATH, "engine", told(), Filled(*outputs(5e-5)))


@pytest.mark.parametrize("shift", [2e-4, np.nan, np.inf])
def test_what_differs_by_more_than_rounding_is_refused_with_the_model_and_the_engine(shift):
    message = r"model\.onnx: engine gives another output than its checkpoint.*another engine"
    with pytest.raises(CheckpointError, match=message):
        fingerprints.check(PATH, "engine", told(), Filled(*outputs(shift)))


def test_half_precision_may_be_further_off_and_so_may_engines_that_round_to_it():
    with pytest.raises(CheckpointError):
        fingerprints.check(PATH, "engine", told(), Filled(*outputs(2e-3)))
    fingerprints.check(PATH, "engine", told("mixed"), Filled(*outputs(2e-3)))
    fingerprints.check(PATH, "engine", told(), Filled(*outputs(2e-3)), least=3e-3)


@pytest.mark.parametrize("text", [None, "", "{}", '{"fingerprint": 1}', '{"fingerprint": {"tolerance": 1}}'])
def test_an_export_without_a_fingerprint_is_refused(text):
    with pytest.raises(CheckpointError, match="no fingerprint"):
        fingerprints.check(PATH, "engine", text, Filled(*outputs()))


@pytest.mark.parametrize("tolerance", [0, -1, 0.1, 1e9, float("inf"), float("nan")])
def test_a_fingerprint_that_would_let_anything_pass_is_refused(tolerance):
    kept = {"fingerprint": fingerprints.take(outputs(), "float32") | {"tolerance": tolerance}}
    with pytest.raises(CheckpointError, match=r"model\.onnx: its fingerprint allows"):
        fingerprints.check(PATH, "engine", json.dumps(kept), Filled(*outputs()))


def test_an_answer_that_is_not_whole_tiles_is_refused():
    with pytest.raises(CheckpointError, match="another version"):
        fingerprints.check(PATH, "engine", told(), Filled(*(part[..., :-1, :] for part in outputs())))


def test_an_output_less_is_refused():
    with pytest.raises(CheckpointError, match="another version"):
        fingerprints.check(PATH, "engine", told(), Filled(*outputs()[:2]))


def test_a_sealed_file_is_known_whole():
    content = fingerprints.sealed(b'weights "file_sha256": "' + fingerprints.BLANK.encode() + b'" more weights')
    fingerprints.check_seal(PATH, content)
    assert fingerprints.BLANK.encode() not in content


@pytest.mark.parametrize("place", [0, 30, -1])
def test_one_bit_changed_anywhere_in_a_sealed_file_is_found(place):
    content = bytearray(fingerprints.sealed(b'weights "file_sha256": "' + fingerprints.BLANK.encode() + b'" more'))
    content[place] ^= 1
    with pytest.raises(CheckpointError, match=r"model\.onnx: damaged, or changed"):
        fingerprints.check_seal(PATH, bytes(content))


@pytest.mark.parametrize("content", [b"none", fingerprints.BLANK.encode() * 2])
def test_a_file_has_one_place_for_its_hash(content):
    with pytest.raises(CheckpointError, match="one place"):
        fingerprints.sealed(content)


def test_a_member_of_a_zip_file_that_changed_is_named(trace, tmp_path):
    content = bytearray(trace.read_bytes())
    fingerprints.check_members(trace)
    content[len(content) // 2] ^= 1
    (tmp_path / "damaged.pt").write_bytes(content)
    with pytest.raises(CheckpointError, match=r"damaged\.pt: damaged"):
        fingerprints.check_members(tmp_path / "damaged.pt")


@pytest.mark.filterwarnings("ignore:Duplicate name:UserWarning")
@pytest.mark.parametrize(
    ("names", "message"),
    [
        (("x/data", "x/data"), "two members of the same name"),
        (("x/data", "x/Data"), "two members of the same name"),
        (("x/data", "y/data"), "not in one folder"),
        (("x/data", "version"), "not in one folder"),
    ],
)
def test_members_that_readers_may_tell_apart_differently_are_refused(tmp_path, names, message):
    with zipfile.ZipFile(tmp_path / "x.pt", "w") as archive:
        for name in names:
            archive.writestr(name, b"content")
    with pytest.raises(CheckpointError, match=rf"x\.pt: .*{message}"):
        fingerprints.check_members(tmp_path / "x.pt")


def test_what_is_no_zip_file_is_refused(tmp_path):
    (tmp_path / "other.pt").write_bytes(b"nothing of the kind" * 10)
    with pytest.raises(CheckpointError, match=r"other\.pt"):
        fingerprints.check_members(tmp_path / "other.pt")
