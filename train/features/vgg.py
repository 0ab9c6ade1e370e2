"""The convolutions of VGG19 up to its third pooling, a measure of similarity, in plain torch.

References
----------
K. Simonyan, A. Zisserman: Very Deep Convolutional Networks for Large-Scale Image Recognition, arXiv:1409.1556,
configuration E.
"""

from __future__ import annotations

import pickle
from pathlib import Path
from urllib.error import URLError

import torch
from torch import Tensor, nn

from corinpaint.lasco.errors import TrainingError

URL = "https://download.pytorch.org/models/vgg19-dcbb9e9d.pth"
"""Official weights, trained on ImageNet; the name holds the first digits of the file's SHA-256."""
PLAN = (64, 64, 0, 128, 128, 0, 256, 256, 256, 256, 0)
"""Channels of the convolutions up to the third pooling (0 = pooling)."""
TAPS = (4, 9, 18)
"""Layers whose output is returned, numbered as in torchvision's `vgg19().features`: the three poolings."""
MEAN = (0.485, 0.456, 0.406)
DEVIATION = (0.229, 0.224, 0.225)


class VggFeatures(nn.Module):
    """Features of an image after the first three poolings of VGG19; the weights are frozen.

    The keys of its state are those of torchvision's VGG19: `features.0.weight`, `features.0.bias` ...
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        channels = 3
        for width in PLAN:
            if width == 0:
                layers.append(nn.MaxPool2d(2))
                continue
            layers += [nn.Conv2d(channels, width, 3, padding=1), nn.ReLU()]
            channels = width
        self.features = nn.Sequential(*layers)
        self.register_buffer("mean", torch.tensor(MEAN)[None, :, None, None], persistent=False)
        self.register_buffer("deviation", torch.tensor(DEVIATION)[None, :, None, None], persistent=False)
        self.mean: Tensor
        self.deviation: Tensor
        self.requires_grad_(False)

    def forward(self, image: Tensor) -> list[Tensor]:
        """Compute the features; gradients flow to the image.

        Parameters
        ----------
        image : Tensor (N, 1, H, W), float
            0 to 1; repeated to three colours and normalised as ImageNet's images.

        Returns
        -------
        list of 3 Tensors
            (N, 64, H/2, W/2), (N, 128, H/4, W/4), (N, 256, H/8, W/8).
        """
        values = (image.expand(-1, 3, -1, -1) - self.mean) / self.deviation
        taps = []
        for index, layer in enumerate(self.features):
            values = layer(values)
            if index in TAPS:
                taps.append(values)
        return taps


def load_vgg(choice: str, seed: int = 0) -> VggFeatures | None:
    """Build the feature extractor with weights of an explicit choice.

    Parameters
    ----------
    choice : str
        "download" (the official weights, kept in torch's cache), "random" (random weights of a seed: a measure of style
        and texture without training), "none" (no extractor), or the path of a file with torchvision's weights.
    seed : int
        For "random".

    Returns
    -------
    VggFeatures or None

    Raises
    ------
    TrainingError
        The weights cannot be downloaded, or the file does not hold them.
    """
    if choice == "none":
        return None
    vgg = VggFeatures()
    if choice == "random":
        generator = torch.Generator().manual_seed(seed)
        for parameter in vgg.parameters():
            _draw(parameter, generator)
        return vgg.eval()
    weights = _downloaded() if choice == "download" else _from_file(Path(choice))
    wanted = {name: weights[name] for name in vgg.state_dict() if name in weights}
    try:
        vgg.load_state_dict(wanted)
    except RuntimeError as error:
        raise TrainingError(
            f"the weights of {choice!r} are not those of torchvision's VGG19 ({error})", f"use the file from {URL}"
        ) from error
    return vgg.eval()


def _draw(parameter: nn.Parameter, generator: torch.Generator) -> None:
    with torch.no_grad():
        if parameter.ndim == 1:
            parameter.zero_()
        else:
            nn.init.kaiming_normal_(parameter, nonlinearity="relu", generator=generator)


def _downloaded() -> dict[str, Tensor]:
    try:
        weights: dict[str, Tensor] = torch.hub.load_state_dict_from_url(
            URL, map_location="cpu", check_hash=True, progress=False, weights_only=True
        )
    except (URLError, OSError, RuntimeError) as error:
        raise TrainingError(
            f"the VGG19 weights cannot be downloaded from {URL} ({error})",
            "fetch the file elsewhere and give its path, "
            "ask for random features, or choose a preset or loss weights without perceptual and style terms",
        ) from error
    return weights


def _from_file(path: Path) -> dict[str, Tensor]:
    try:
        weights = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise TrainingError(f"{path}: there is no such file of VGG19 weights", f"download {URL}") from error
    except (OSError, RuntimeError, EOFError, pickle.UnpicklingError) as error:
        raise TrainingError(f"{path}: cannot be read as VGG19 weights ({error})", f"download {URL} again") from error
    if not isinstance(weights, dict):
        raise TrainingError(f"{path}: holds no weights by name", f"download {URL}")
    return weights
