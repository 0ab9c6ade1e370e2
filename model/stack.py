"""The L-layer stack: every layer fills a part of the hole and hands the filled image to the next.

With strided convolutions the partial-convolution mask of one UNet is full after one pass over any hole of a few
blocks, so that every layer after the first would be idle. The part of the hole that a layer may fill is therefore set
by a rule: for l < L, M_l is M_(l-1) grown by a box of `growth` px on every side; the last layer fills everything its
own partial-convolution mask reaches. So M_0 <= M_1 <= ... <= M_L.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any, Literal, NamedTuple

import torch
from torch import Tensor, nn
from torch.nn import functional

from corinpaint.lasco.errors import CheckpointError, WrongShapeError
from corinpaint.model.precision import full_precision
from corinpaint.model.prior import PriorConfig, PyramidPrior
from corinpaint.model.unet import UNet, UNetConfig

HALF_BLOCK = 16
"""Half the side of a telemetry block, px: the depth of the smallest hole."""


@dataclass(frozen=True)
class StackConfig:
    """Architecture of a stack; all that is needed to build it.

    Attributes
    ----------
    layers : int
        L, at least 1.
    unet : UNetConfig
        Sizes of each layer's UNet; the layers do not share weights.
    growth : int or None
        Pixels by which every layer but the last grows the mask. None spreads the depth of a one-block hole over the
        layers: 16 // layers, so that no layer is idle there.
    prior : {"pyramid", "none"}
        Whether a layer predicts the difference to a smooth field, or the value itself.
    pyramid : PriorConfig
        Sizes of that field.
    scale : float
        Unit of the networks' input and output, in equalised brightness.
    """

    layers: int = 2
    unet: UNetConfig = field(default_factory=UNetConfig)
    growth: int | None = None
    prior: Literal["pyramid", "none"] = "pyramid"
    pyramid: PriorConfig = field(default_factory=PriorConfig)
    scale: float = 0.02

    def growth_per_layer(self) -> int:
        """Growth in px of the mask from one layer to the next."""
        return max(HALF_BLOCK // self.layers, 1) if self.growth is None else self.growth

    def multiple(self) -> int:
        """Height and width of an image must be multiples of this, px."""
        coarsest = self.pyramid.coarsest if self.prior == "pyramid" else 0
        return int(2 ** max(self.unet.depth, coarsest))

    def as_dict(self) -> dict[str, Any]:
        """The configuration as plain values, for JSON."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> StackConfig:
        """Inverse of `as_dict`.

        Raises
        ------
        CheckpointError
            The values do not describe a stack.
        """
        try:
            parts = dict(values)
            unet = UNetConfig.from_dict(parts.pop("unet"))
            pyramid = PriorConfig(**parts.pop("pyramid"))
            return cls(unet=unet, pyramid=pyramid, **parts)
        except (KeyError, TypeError, ValueError) as error:
            raise CheckpointError(f"not an architecture of this version of corinpaint: {error}") from error


class StackOutput(NamedTuple):
    """What a stack returns.

    Attributes
    ----------
    filled : tuple of L Tensors (N, 1, H, W)
        Image after each layer: observed pixels, what the layers so far have filled, 0 where the mask is still 0.
    predictions : tuple of L Tensors (N, 1, H, W)
        Raw prediction of each layer, everywhere.
    masks : tuple of L + 1 Tensors (N, 1, H, W)
        M_0 (the input's) to M_L.
    """

    filled: tuple[Tensor, ...]
    predictions: tuple[Tensor, ...]
    masks: tuple[Tensor, ...]


class LayerStack(nn.Module):
    """L layers, each a UNet of partial convolutions over a smooth prior.

    Parameters
    ----------
    config : StackConfig

    Attributes
    ----------
    domain : str
        What it sees, see `corinpaint.model.metadata.DOMAINS`.
    inputs, outputs : tuple of str
        Names of what its `inference_module` takes and returns.
    channels : int
        Of image and mask.
    """

    domain = "equalised"
    inputs = ("image", "mask")
    outputs = ("restored", "mask_out")
    channels = 1

    def __init__(self, config: StackConfig | None = None) -> None:
        super().__init__()
        self.config = config or StackConfig()
        if self.config.layers < 1:
            raise CheckpointError(f"a stack needs at least one layer, not {self.config.layers}")
        if self.config.growth is None and self.config.layers > HALF_BLOCK + 1:
            raise CheckpointError(
                f"{self.config.layers} layers: a hole of one block is {HALF_BLOCK} px deep, so that layers beyond "
                f"{HALF_BLOCK + 1} would be idle",
                "use fewer",
            )
        self.layers = nn.ModuleList(UNet(self.config.unet) for _ in range(self.config.layers))
        self.prior = PyramidPrior(self.config.pyramid)

    @property
    def multiple(self) -> int:
        """Height and width of an image must be multiples of this, px."""
        return self.config.multiple()

    @property
    def reach(self) -> int:
        """Distance in px from every side over which a hole is sure to be filled."""
        last = self.layers[-1]
        return last.reach + self.config.growth_per_layer() * (self.config.layers - 1)  # type: ignore[operator,return-value]

    def forward(self, image: Tensor, mask: Tensor) -> StackOutput:
        """Fill the holes of a batch.

        Parameters
        ----------
        image : Tensor (N, 1, H, W), float32
            Equalised brightness, 0 to 1; anything, NaN too, where the mask is 0.
        mask : Tensor (N, 1, H, W), float32
            1 = valid, 0 = hole.

        Returns
        -------
        StackOutput
            Pixels that are valid in the input come out bit-identical in every `filled`.

        Raises
        ------
        WrongShapeError
            Height or width is no multiple of `multiple`, or the shapes differ (not checked while tracing).
        """
        self._check(image, mask)
        current = torch.where(mask > 0, image, 0.0)
        filled: list[Tensor] = []
        predictions: list[Tensor] = []
        masks = [mask]
        for index, unet in enumerate(self.layers):
            known = masks[-1]
            prediction, reached = self._predict(unet, current, known)
            grown = reached if index + 1 == self.config.layers else self._dilate(known)
            grown = torch.maximum(grown, known)
            current = torch.where(known > 0, current, torch.where(grown > 0, prediction, 0.0))
            filled.append(current)
            predictions.append(prediction)
            masks.append(grown)
        return StackOutput(tuple(filled), tuple(predictions), tuple(masks))

    def inference_module(self) -> nn.Module:
        """What is exported."""
        return InferenceModule(self)

    def _predict(self, unet: nn.Module, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        if self.config.prior == "none":
            values, reached = unet(image / self.config.scale, mask)
            return values * self.config.scale, reached
        with full_precision(image):
            smooth, reference = self.prior(image, mask)
        values, reached = unet((image - reference) * (mask / self.config.scale), mask)
        return smooth + values * self.config.scale, reached

    def _dilate(self, mask: Tensor) -> Tensor:
        step = self.config.growth_per_layer()
        columns = functional.max_pool2d(mask, (1, 2 * step + 1), stride=1, padding=(0, step))
        return functional.max_pool2d(columns, (2 * step + 1, 1), stride=1, padding=(step, 0))

    def _check(self, image: Tensor, mask: Tensor) -> None:
        if torch.jit.is_tracing() or torch.compiler.is_compiling():  # type: ignore[no-untyped-call,attr-defined]
            return
        if image.ndim != 4 or image.shape[1] != 1 or image.shape != mask.shape:
            raise WrongShapeError(
                f"image {tuple(image.shape)} and mask {tuple(mask.shape)} must both be (N, 1, height, width)"
            )
        height, width = image.shape[-2:]
        if height % self.multiple or width % self.multiple:
            raise WrongShapeError(
                f"an image of {height} x {width} px does not fit this network: pad height and width to multiples of "
                f"{self.multiple} px"
            )


class InferenceModule(nn.Module):
    """A stack reduced to what an exported model returns.

    Parameters
    ----------
    stack : LayerStack
    """

    def __init__(self, stack: LayerStack) -> None:
        super().__init__()
        self.stack = stack

    def forward(self, image: Tensor, mask: Tensor) -> tuple[Tensor, Tensor]:
        """Fill the holes of a batch; parameters as for `LayerStack.forward`.

        Returns
        -------
        restored : Tensor (N, 1, H, W)
            Last filled image, 0 out of reach.
        mask_out : Tensor (N, 1, H, W)
            1 where `restored` is observed or filled.
        """
        output = self.stack(image, mask)
        return output.filled[-1], output.masks[-1]
