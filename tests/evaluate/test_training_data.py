"""What networks were trained on."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from pathlib import Path

import pytest

from corinpaint.evaluate import training_data
from corinpaint.evaluate.training_data import Overlap, checkpoint_of, describe, in_words, overlap
from corinpaint.lasco.simulation.scene import simulate, write
from corinpaint.model.metadata import default_checkpoint, read_info


@pytest.fixture(scope="module")
def shipped():
    return read_info(default_checkpoint())


def test_a_frame_counts_as_trained_on_by_its_hash_and_by_its_number(sequence):
    by_hash = {"training": [{"name": "x.fts", "sha256": hashlib.sha256(sequence[0].read_bytes()).hexdigest()}]}
    by_number = {"training": [{"name": sequence[1].name + ".gz", "sha256": "0"}]}
    assert overlap(sequence, by_hash).frames == (sequence[0].name,)
    assert overlap(sequence, by_number).frames == (sequence[1].name,)


def test_a_frame_that_a_network_was_validated_on_is_told_apart(sequence):
    data = {"training": [{"name": "1.fts"}], "validation": [{"name": sequence[1].name, "day": "2002-01-08"}]}
    found = overlap(sequence, data)
    assert found == Overlap(validated=(sequence[1].name,))
    (text,) = found.warnings("network", 9)
    assert f"network: was validated on 1 of 9 frames, such as {sequence[1].name}" in text
    assert "was not trained on frames of their days" in text
    both = Overlap(("a.fts",), ("b.fts",)).warnings("network", 2)
    assert ["was trained on 1" in both[0], "was validated on 1" in both[1]] == [True, True]


def test_other_frames_of_a_day_that_was_trained_on_are_told_by_their_day(sequence):
    found = overlap(sequence, {"training": [{"name": "x.fts", "sha256": "0", "day": "2002-01-05"}]})
    assert (found.frames, found.days) == ((), ("2002-01-05",))
    assert overlap(sequence, {"training": [{"name": sequence[0].name}]}).days == ("2002-01-08",)
    assert overlap(sequence, {"training": [{"name": "x.fts", "day": "2001-01-01"}]}) == Overlap()


def test_the_warning_names_a_frame_and_the_days_and_nothing_where_nothing_overlaps():
    (text,) = Overlap(("a.fts", "b.fts"), days=("2002-01-05",)).warnings("network", 9)
    assert "2 of 9 frames, such as a.fts" in text
    assert "2002-01-05" in text
    assert Overlap().warnings("network", 9) == ()


def test_an_export_is_known_by_the_checkpoint_beside_it_or_the_shipped_one(shipped, tmp_path):
    assert checkpoint_of(None, shipped.sha256) == shipped
    assert checkpoint_of(tmp_path / "renamed.onnx", shipped.sha256) == shipped
    assert checkpoint_of(tmp_path / "renamed.onnx", "0" * 64) is None
    (tmp_path / "mine.safetensors").write_bytes(default_checkpoint().read_bytes())
    assert checkpoint_of(tmp_path / "mine.onnx", shipped.sha256).path == tmp_path / "mine.safetensors"


def test_networks_that_were_trained_on_the_frames_and_those_that_do_not_say_are_warned_of(shipped, sequence):
    path = sequence[0].with_name(shipped.data["training"][0]["name"].removesuffix(".gz"))
    path.write_bytes(sequence[0].read_bytes())
    found = describe([path, sequence[-1]], {"network": (None, shipped.sha256), "x.onnx": (Path("x.onnx"), "0" * 64)})
    trained, unknown = found.warnings
    assert f"network: was trained on 1 of 2 frames, such as {path.name}" in trained
    assert "x.onnx: does not say what it was trained on" in unknown
    assert "Warning: " + trained in found.notes


def test_frames_of_other_days_are_not_warned_of(shipped, tmp_path):
    other = write(simulate(1, date="2005-05-05T02:18:00"), tmp_path / "32000001.fts")
    assert describe([other], {"network": (None, shipped.sha256)}).warnings == ()


def test_losses_are_named_with_the_features_that_they_were_on(shipped):
    weights = {"alpha_1": 6.0, "alpha_3": 0.05, "alpha_4": 120.0, "lambda_1": 0.0}
    info = replace(shipped, training={"settings": {"preset": "pretrain", "vgg": "random"}, "loss_weights": weights})
    assert in_words(info) == "preset pretrain, perceptual, style, pixel losses on random VGG19 features"
    log_polar = {"fill": 1.0, "interval": 0.1, "perceptual": 200.0, "style": 5e4}
    info = replace(shipped, training={"settings": {"vgg": "random"}, "loss_weights": log_polar})
    assert in_words(info) == "perceptual, style losses on random VGG19 features"
    pixels = replace(shipped, training={"settings": {"preset": "first"}, "loss_weights": {"alpha_1": 1.0}})
    assert in_words(pixels) == "preset first, pixel losses"
    assert in_words(replace(shipped, training={})) == ""
    assert training_data.VGG["random"] in in_words(info)
