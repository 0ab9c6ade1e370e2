"""The stack of L layers: every layer fills a part of each hole and passes the filled image to the next layer.

With strided convolutions, the mask of one UNet is full after one pass over any hole of a few blocks, so that every
layer after the first would have nothing to fill. A rule therefore sets which part of a hole a layer may fill: for
l < L, the mask M_l is M_(l-1) dilated by `growth` px on every side (a square structuring element); the last layer fills
everything that its own partial-convolution mask covers. So M_0 <= M_1 <= ... <= M_L.
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
"""Half the side of a telemetry block, px: the distance from the edge of the smallest hole to its centre."""


@dataclass(frozen=True)
class StackConfig:
    """Architecture of a stack: everything that is needed to build it.

    Attributes
    ----------
    layers : int
        Number of layers L, at least 1.
    unet : UNetConfig
        Architecture of the UNet of each layer; the layers do not share weights.
    growth : int or None
        Number of px by which every layer but the last dilates the mask. None divides the depth of a hole of one block
        among the layers: 16 // layers, so that every layer has something to fill there.
    prior : {"pyramid", "none"}
        Whether a layer predicts the difference to a smooth prior, or the value itself.
    pyramid : PriorConfig
        Hyperparameters of that prior.
    scale : float
        Equalised brightness that the UNets see as 1.
    """

    layers: int = 2
    unet: UNetConfig = field(default_factory=UNetConfig)
    growth: int | None = None
    prior: Literal["pyramid", "none"] = "pyramid"
    pyramid: PriorConfig = field(default_factory=PriorConfig)
    scale: float = 0.02

    def growth_per_layer(self) -> int:
        """Number of px by which a layer dilates the mask on every side."""
        return max(HALF_BLOCK // self.layers, 1) if self.growth is None else self.growth

    def multiple(self) -> int:
        """Height and width of an image must be multiples of this, px."""
        coarsest = self.pyramid.coarsest if self.prior == "pyramid" else 0
        return int(2 ** max(self.unet.depth, coarsest))

    def as_dict(self) -> dict[str, Any]:
        """The configuration as values that JSON can represent."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> StackConfig:
        """Build the configuration from what `as_dict` gave.

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
        Image after each layer, equalised brightness: the observed pixels, what the layers have filled so far, and 0
        where the mask is still 0.
    predictions : tuple of L Tensors (N, 1, H, W)
        Prediction of each layer at every pixel, equalised brightness.
    masks : tuple of L + 1 Tensors (N, 1, H, W)
        M_0 (the mask of the input) to M_L.
    """

    filled: tuple[Tensor, ...]
    predictions: tuple[Tensor, ...]
    masks: tuple[Tensor, ...]


class LayerStack(nn.Module):
    """L layers, each a UNet of partial convolutions over a smooth prior.

    Parameters
    ----------
    config : StackConfig, optional

    Attributes
    ----------
    domain : str
        Name of the kind of its input, see `corinpaint.model.metadata.DOMAINS`.
    inputs, outputs : tuple of str
        Names of the inputs and outputs of its `inference_module`.
    channels : int
        Number of channels of its image and of its mask.

    Raises
    ------
    CheckpointError
        The configuration has no layer, or more than a hole of one block can keep busy.
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
        """Distance in px from every side up to which a hole is certain to be filled."""
        last = self.layers[-1]
        return last.reach + self.config.growth_per_layer() * (self.config.layers - 1)  # type: ignore[operator,return-value]

    def forward(self, image: Tensor, mask: Tensor) -> StackOutput:
        """Fill the holes of a batch.

        Parameters
        ----------
        image : Tensor (N, 1, H, W), float32
            Equalised brightness, 0 to 1; any value, NaN included, where the mask is 0.
        mask : Tensor (N, 1, H, W), float32
            1 = valid, 0 = hole.

        Returns
        -------
        StackOutput
            Pixels that are valid in the input are bit-identical in every `filled`.

        Raises
        ------
        WrongShapeError
            Height or width is not a multiple of `multiple`, or the shapes differ (not checked while tracing).
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
        """The module that engines run and exports hold."""
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
    """A stack that returns the last image and mask only, as tensors: the module that is exported.

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
            The image after the last layer, equalised brightness; 0 where `mask_out` is 0.
        mask_out : Tensor (N, 1, H, W)
            1 where `restored` was observed or filled.
        """
        output = self.stack(image, mask)
        return output.filled[-1], output.masks[-1]
