"""The network that fills log-polar windows: UNets of partial convolutions that correct a smooth prior.

A log-polar window (`corinpaint.restore.network.log_polar_grid`) samples the logarithm of the radius along its columns
and the position angle along its rows, so that streamers run along columns and a power law of the radius is a straight
line. Values are in units of the noise (`corinpaint.restore.network.equalisation.fit_noise`). The network works on cells
of a few px, whose means have less noise than a pixel. It predicts the difference to the prior, and a scale: the
standard deviation of a pixel about the prediction.

With a context frame, the prior is that of the difference between frame and context, added to the context.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple, cast

import torch
from torch import Tensor, nn
from torch.nn import functional

from corinpaint.lasco.errors import CheckpointError, WrongShapeError
from corinpaint.model.log_polar_config import EXTRAS, INPUTS, LogPolarConfig
from corinpaint.model.membrane import interpolate_membrane
from corinpaint.model.precision import full_precision
from corinpaint.model.prior import PyramidPrior
from corinpaint.model.unet import UNet

__all__ = ["CellOutput", "LogPolarConfig", "LogPolarStack"]

MEMBRANE_SWEEPS = (3, 6)
"""Jacobi sweeps of the membranes over the context and over the difference."""

CONTEXT_POOLING = 8
"""Side in cells of the average that is subtracted from the context to show its structure."""

MAX_LOG_SCALE = 4.0
"""Limit of the absolute natural logarithm of the predicted scale."""

MAX_SCATTER = 4.0
"""Limit of the scatter that the network sees, units of the noise."""

MIN_KNOWN_FRACTION = 0.5
"""Minimum fraction of valid pixels for which a cell is a boundary condition of the membranes."""


class CellOutput(NamedTuple):
    """Output of the network for every cell, units of the noise; h = H / cell, w = W / cell.

    Attributes
    ----------
    predictions : tuple of L Tensors (N, 1, h, w)
        Prediction of each layer minus `offset`.
    prior : Tensor (N, 1, h, w)
        The prior minus `offset`.
    log_scale : Tensor (N, 1, h, w)
        Natural logarithm of the standard deviation of a pixel about the prediction, noise included.
    reached : Tensor (N, 1, h, w)
        1 where at least one valid cell lies in the receptive field.
    offset : Tensor (N, 1, 1, 1)
        Mean of the frame's valid pixels.
    """

    predictions: tuple[Tensor, ...]
    prior: Tensor
    log_scale: Tensor
    reached: Tensor
    offset: Tensor


class _CellInputs(NamedTuple):
    """What all layers share, per cell: each Tensor (N, 1, h, w), place (N, 2, h, w).

    `base` is the context with its holes filled, 0 without one; `difference` the frame minus it, valid where `known`.
    `smooth` and `reference` are two levels of the prior of the difference, `prior` is `smooth` with a membrane added.
    `place` holds the logarithms of each row's radius relative to the window's middle, and of that middle's radius.
    `context` is the structure of the context, valid where `context_known` is 1. `beside` is the second input of the
    UNets and its mask, where they have one.
    """

    difference: Tensor
    known: Tensor
    base: Tensor
    prior: Tensor
    smooth: Tensor
    reference: Tensor
    place: Tensor
    context: Tensor
    context_known: Tensor
    beside: tuple[Tensor, Tensor] | None = None


class LogPolarStack(nn.Module):
    """L layers, each a UNet of partial convolutions on cells, that correct a smooth prior.

    Parameters
    ----------
    config : LogPolarConfig, optional

    Attributes
    ----------
    domain : str
        Name of the kind of its input, see `corinpaint.model.metadata.DOMAINS`.
    inputs, outputs : tuple of str
        Names of the inputs and outputs of `forward`.
    channels : int
        Number of channels of its image and of its mask.
    places : int
        Number of columns of its place.
    beside : tuple of int
        Channels of the second input of its UNets.

    Raises
    ------
    CheckpointError
        The configuration has no layer, or a UNet with other channels than this network needs.
    """

    domain = "noise"
    inputs = ("image", "mask", "place")
    outputs = ("filled", "reached", "scale")
    channels = 2
    places = 2
    beside: tuple[int, ...] = ()

    def __init__(self, config: LogPolarConfig | None = None) -> None:
        super().__init__()
        self.config = config or LogPolarConfig()
        if self.config.layers < 1:
            raise CheckpointError(f"a stack needs at least one layer, not {self.config.layers}")
        unet = self.config.unet
        if (unet.inputs, unet.extras, unet.outputs, unet.beside) != (INPUTS, EXTRAS, 2, self.beside):
            raise CheckpointError(
                f"a UNet of {unet.inputs}, {unet.extras}, {unet.outputs}, {unet.beside} channels does not fit here"
            )
        self.layers = nn.ModuleList(UNet(unet) for _ in range(self.config.layers))
        self.prior = PyramidPrior(self.config.pyramid)
        for layer in self.layers:
            cast(UNet, layer).scale_residual_weights(0.2)

    @property
    def multiple(self) -> int:
        """Height and width of a window must be multiples of this, px."""
        return self.config.multiple()

    @property
    def reach(self) -> int:
        """Distance in px of the window from every side up to which a hole is certain to be filled."""
        cells = self.config.growth * (self.config.layers - 1) + int(self.layers[-1].reach)  # type: ignore[arg-type]
        return self.config.cell * cells

    def forward(self, image: Tensor, mask: Tensor, place: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Fill the holes of a batch of log-polar windows.

        Parameters
        ----------
        image : Tensor (N, 2, H, W), float32
            The frame and its context, units of the noise; any value, NaN included, where the mask is 0.
        mask : Tensor (N, 2, H, W), float32
            1 = valid, 0 = hole; 0 in the whole second channel where there is no context.
        place : Tensor (N, 2), float32
            Radius of the middle of the window (px of the frame), and px of the frame per px of the window there.

        Returns
        -------
        filled : Tensor (N, 1, H, W)
            Prediction in holes and beside them, so that the caller can interpolate it; 0 where `reached` is 0. The
            caller keeps the observed pixels, on the frame's own grid.
        reached : Tensor (N, 1, H, W)
            1 where there is a prediction, else 0.
        scale : Tensor (N, 1, H, W)
            Standard deviation of a pixel about the prediction, noise included, units of the noise.

        Raises
        ------
        WrongShapeError
            The shapes do not match, or height or width is not a multiple of `multiple` (not checked while tracing).
        """
        cells = self.predict_cells(image, mask, place)
        filled = self._upsample(cells.predictions[-1]) + cells.offset
        reached = functional.interpolate(cells.reached, scale_factor=float(self.config.cell), mode="nearest")
        return torch.where(reached > 0, filled, 0.0), reached, torch.exp(self._upsample(cells.log_scale))

    def correct_scale(self, factor: float, power: float = 1.0) -> None:
        """Replace the scale that the network gives by a factor times its power, once and for all."""
        last = cast(UNet, self.layers[-1])
        with torch.no_grad():
            for convolution in (last.last, *cast(list[Any], list(last.beside)[1:])):
                convolution.weight[1] *= power
                convolution.bias[1] *= power
            last.last.bias[1] += math.log(factor)

    def inference_module(self) -> nn.Module:
        """The module that engines run and exports hold: the network itself."""
        return self

    def predict_cells(self, image: Tensor, mask: Tensor, place: Tensor) -> CellOutput:
        """Predict one value a cell, which `forward` upsamples; parameters and errors as there.

        Returns
        -------
        CellOutput
        """
        self._check(image, mask, place)
        with full_precision(image), torch.no_grad():
            clean = torch.where(mask > 0, image, 0.0)
            count = mask[:, :1].sum(dim=(2, 3), keepdim=True).clamp(min=1.0)
            offset = (clean[:, :1]).sum(dim=(2, 3), keepdim=True) / count
            clean = (clean - offset) * mask
            scatter, inputs = self._cell_inputs(clean, mask, place)
        current, known = inputs.difference, inputs.known
        predictions = []
        extras = torch.cat((inputs.place, *map(torch.asinh, self._structure(inputs, inputs.prior))), dim=1)
        for index, layer in enumerate(self.layers):
            seen = (*map(torch.asinh, self._structure(inputs, current)), scatter)
            features = torch.cat((torch.cat((*seen, inputs.place), 1) * known, inputs.context), 1)
            values, reached = layer(features, torch.cat((known, inputs.context_known), 1), extras, inputs.beside)
            values = values.float()
            prediction = inputs.prior + values[:, :1]
            predictions.append(prediction + inputs.base)
            if index + 1 < self.config.layers:
                grown = self._dilate(known)
                current = torch.where(known > 0, current, torch.where(grown > 0, prediction, 0.0))
                scatter, known = torch.where(known > 0, scatter, 0.0), torch.maximum(known, grown)
        log_scale = values[:, 1:2].clamp(-MAX_LOG_SCALE, MAX_LOG_SCALE)
        return CellOutput(tuple(predictions), inputs.prior + inputs.base, log_scale, reached, offset)

    def _cell_inputs(self, image: Tensor, mask: Tensor, place: Tensor) -> tuple[Tensor, _CellInputs]:
        cell = self.config.cell
        weight = functional.avg_pool2d(mask, cell)
        means = functional.avg_pool2d(image, cell) / torch.where(weight > 0, weight, 1.0)
        own, base, context, beside = weight[:, :1], *self._context(means, weight, place)
        height = own.shape[2]
        rows = (torch.arange(height, device=image.device, dtype=image.dtype) + 0.5) * cell - height * cell / 2
        logs = rows[None, :] * (place[:, 1:2] / place[:, :1])
        distinct = (torch.exp(logs) * place[:, 1:2]).clamp(max=1.0) ** 2
        difference = means[:, :1] - base
        smooth, reference = self.prior(difference, own * distinct[:, None, :, None])
        held = (own > MIN_KNOWN_FRACTION).to(image.dtype)
        prior = smooth + interpolate_membrane(difference - smooth, held, MEMBRANE_SWEEPS[1])
        flat = functional.interpolate(means[:, :1], scale_factor=float(cell), mode="nearest")
        residual = (image[:, :1] - flat) * mask[:, :1]
        power = functional.avg_pool2d(residual**2, cell) / torch.where(own > 0, own, 1.0)
        scatter = torch.sqrt(power + 1e-6).clamp(max=MAX_SCATTER) - 1
        radius = torch.log2(place[:, :1] / 256)[:, :, None]
        where = torch.stack((logs[:, :, None].clamp(-2, 2), radius.expand(-1, height, 1)), 1)
        coarse = functional.interpolate(
            functional.avg_pool2d(base, CONTEXT_POOLING),
            scale_factor=float(CONTEXT_POOLING),
            mode="bilinear",
            align_corners=False,
        )
        inputs = _CellInputs(
            difference=difference,
            known=(own > 0).to(image.dtype),
            base=base,
            prior=prior,
            smooth=smooth,
            reference=reference,
            place=where.expand(-1, -1, -1, own.shape[3]),
            context=torch.asinh((base - coarse) / 2) * context,
            context_known=context,
            beside=beside,
        )
        return scatter, inputs

    def _context(
        self,
        means: Tensor,
        weight: Tensor,
        place: Tensor,  # noqa: ARG002
    ) -> tuple[Tensor, Tensor, tuple[Tensor, Tensor] | None]:
        """The context with its holes filled, where it is known, and the second input of the UNets."""
        known = (weight[:, 1:2] > MIN_KNOWN_FRACTION).to(means.dtype)
        return interpolate_membrane(means[:, 1:2], known, MEMBRANE_SWEEPS[0]), known, None

    @staticmethod
    def _structure(inputs: _CellInputs, values: Tensor) -> tuple[Tensor, Tensor]:
        """Structure finer than the reference level, and finer than the finest level, of the prior."""
        return (values - inputs.reference) / 2, values - inputs.smooth

    def _dilate(self, known: Tensor) -> Tensor:
        growth = self.config.growth
        return functional.max_pool2d(known, 2 * growth + 1, stride=1, padding=growth)

    def _upsample(self, cells: Tensor) -> Tensor:
        return functional.interpolate(cells, scale_factor=float(self.config.cell), mode="bilinear", align_corners=False)

    def _check(self, image: Tensor, mask: Tensor, place: Tensor) -> None:
        if torch.jit.is_tracing() or torch.compiler.is_compiling():  # type: ignore[no-untyped-call,attr-defined]
            return
        shapes = (image.shape[1:2], mask.shape, place.shape)
        if image.ndim != 4 or shapes != ((self.channels,), image.shape, (len(image), self.places)):
            raise WrongShapeError(
                f"image {tuple(image.shape)} and mask {tuple(mask.shape)} must both be (N, {self.channels}, height, "
                f"width), place {tuple(place.shape)} (N, {self.places})"
            )
        height, width = image.shape[-2:]
        if height % self.multiple or width % self.multiple:
            raise WrongShapeError(
                f"a window of {height} x {width} px does not fit this network: height and width must be multiples of "
                f"{self.multiple} px"
            )
