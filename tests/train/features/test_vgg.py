"""The VGG19 feature extractor and its weights."""

import urllib.error

import pytest
import torch

from corinpaint.lasco.errors import TrainingError
from corinpaint.train.features import vgg
from corinpaint.train.features.vgg import VggFeatures, load_vgg

KEYS = [f"features.{index}.{kind}" for index in (0, 2, 5, 7, 10, 12, 14, 16) for kind in ("weight", "bias")]


def test_the_keys_and_sizes_are_those_of_torchvision():
    state = VggFeatures().state_dict()

    assert list(state) == KEYS
    assert state["features.0.weight"].shape == (64, 3, 3, 3)
    assert state["features.16.weight"].shape == (256, 256, 3, 3)


def test_the_features_are_those_after_the_first_three_poolings():
    features = load_vgg("random")

    taps = features(torch.rand(2, 1, 32, 48))

    assert [tuple(tap.shape) for tap in taps] == [(2, 64, 16, 24), (2, 128, 8, 12), (2, 256, 4, 6)]
    assert all(isinstance(features.features[index], torch.nn.MaxPool2d) for index in vgg.TAPS)


def test_images_are_normalised_as_those_of_imagenet():
    features = load_vgg("random")
    seen = []
    features.features[0].register_forward_pre_hook(lambda _, inputs: seen.append(inputs[0]))

    features(torch.full((1, 1, 32, 32), 0.485))

    assert seen[0].shape == (1, 3, 32, 32)
    torch.testing.assert_close(seen[0][0, 0], torch.zeros(32, 32))
    torch.testing.assert_close(seen[0][0, 2], torch.full((32, 32), (0.485 - 0.406) / 0.225))


def test_gradients_flow_to_the_image_and_not_to_the_weights():
    features, image = load_vgg("random"), torch.rand(1, 1, 32, 32, requires_grad=True)

    sum(tap.square().sum() for tap in features(image)).backward()

    assert image.grad.abs().sum() > 0
    assert all(not parameter.requires_grad for parameter in features.parameters())


def test_random_weights_are_the_same_for_the_same_seed():
    first, second, other = load_vgg("random", 1), load_vgg("random", 1), load_vgg("random", 2)

    assert torch.equal(first.features[0].weight, second.features[0].weight)
    assert not torch.equal(first.features[0].weight, other.features[0].weight)


def test_none_gives_no_extractor():
    assert load_vgg("none") is None


def test_weights_are_read_from_a_file_that_holds_the_whole_network(tmp_path):
    state = load_vgg("random", 5).state_dict() | {"classifier.0.weight": torch.zeros(3)}
    torch.save(state, tmp_path / "vgg19.pth")

    loaded = load_vgg(str(tmp_path / "vgg19.pth"))

    assert torch.equal(loaded.features[16].weight, state["features.16.weight"])


def test_a_failed_download_names_the_remedies_and_is_not_replaced_silently(monkeypatch):
    def fail(*_args, **_kwargs):
        raise urllib.error.URLError("no network")

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", fail)

    with pytest.raises(TrainingError, match=r"cannot be downloaded .*no network.* give its path"):
        load_vgg("download")


def test_the_download_is_the_official_file_and_its_hash_is_checked(monkeypatch):
    given = {}

    def answer(url, **options):
        given.update(options, url=url)
        return load_vgg("random", 5).state_dict()

    monkeypatch.setattr(torch.hub, "load_state_dict_from_url", answer)
    load_vgg("download")

    assert given["url"] == "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"
    assert given["check_hash"] is True


@pytest.mark.parametrize(
    ("content", "message"),
    [(b"not weights", "cannot be read"), ({"a": torch.zeros(1)}, "not those"), ([1, 2], "by name")],
)
def test_a_file_without_the_weights_is_refused(tmp_path, content, message):
    path = tmp_path / "x.pth"
    if isinstance(content, bytes):
        path.write_bytes(content)
    else:
        torch.save(content, path)

    with pytest.raises(TrainingError, match=message):
        load_vgg(str(path))


def test_a_missing_file_is_named(tmp_path):
    with pytest.raises(TrainingError, match=r"gone\.pth"):
        load_vgg(str(tmp_path / "gone.pth"))
