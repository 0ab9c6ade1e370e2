"""Blocks filled by the network or by a method without it, one way in and one way out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco import blocks, noise
from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.expose import Exposed
from corinpaint.model.metadata import DOMAINS
from corinpaint.restore import backends, equalise, fills, straight, uncertainty
from corinpaint.restore.context import Context
from corinpaint.restore.survey import Surroundings


def network_input(around: Surroundings) -> tuple[backends.Image, backends.Image, equalise.Equaliser]:
    """What a network of the domain 'equalised' sees of a frame.

    Returns
    -------
    image : ndarray of float32, shape (1, 1, 1024, 1024), less when summed
        Equalised brightness, 0 where not observed.
    mask : ndarray of float32, same shape
        1 where observed.
    equaliser : Equaliser
        The way back.
    """
    equaliser = equalise.fit(around.brightness, around.observed)
    image = np.where(around.observed, equaliser.forward(around.brightness), np.float32(0))
    return image[None, None], around.observed.astype(np.float32)[None, None], equaliser


def fill_with_network(
    around: Surroundings,
    zones: tuple[blocks.Zone, ...],
    engine: backends.Inpainter,
    context: tuple[Context, ...] = (),
) -> tuple[Exposed, NDArray[np.bool_]]:
    """Fill zones by a network, in the way that its domain asks for.

    Returns
    -------
    exposed : Exposed
        Brightness and variance with the fill.
    reached : ndarray of bool, shape (H, W)
        Where the network reaches.

    Raises
    ------
    CheckpointError
        When the network gives values that are not finite.
    OptionError
        When context is given to a network that takes none.
    """
    if engine.info.domain == DOMAINS[0]:
        if context:
            raise OptionError(
                f"{engine.info.path.name}: this network takes no context; leave it out, or choose the shipped weights"
            )
        return _fill_equalised(around, zones, engine)
    filled = straight.fill(problem(around, zones, context), engine)
    exposed = around.exposed
    variance = filled.variance(exposed.variance, _own_variance(exposed, filled.brightness))
    return replace(exposed, brightness=filled.brightness, variance=variance), filled.reached


def _own_variance(exposed: Exposed, brightness: NDArray[np.float32]) -> NDArray[np.float32]:
    """Variance of the noise that every pixel would have had at another brightness."""
    bias = exposed.exposure.bias
    step = np.sqrt(exposed.variance / noise.variance(exposed.frame, bias))  # brightness per count
    counts = np.where(step > 0, bias + brightness / np.where(step > 0, step, 1), 0)
    imagined = replace(exposed.frame, data=np.nan_to_num(counts).astype(np.float32))
    return np.asarray(np.nan_to_num(noise.variance(imagined, bias) * step**2, posinf=0), dtype=np.float32)


def _fill_equalised(
    around: Surroundings, zones: tuple[blocks.Zone, ...], engine: backends.Inpainter
) -> tuple[Exposed, NDArray[np.bool_]]:
    image, mask, equaliser = network_input(around)
    restored = engine.fill(image, mask)
    reached = restored.reached[0, 0] > 0
    wanted = np.logical_or.reduce([zone.missing for zone in zones])
    holes = blocks.expand(wanted, around.field.shape) & around.field & reached
    straight.check_finite(restored.image[0, 0][holes], engine)
    brightness = around.brightness.copy()
    brightness[holes] = equaliser.inverse(restored.image[0, 0][holes])
    variance = uncertainty.of_fill(around.exposed, around.observed, wanted, brightness)
    return replace(around.exposed, brightness=brightness, variance=variance), reached


def fill_with_method(
    around: Surroundings, zones: tuple[blocks.Zone, ...], method: fills.Fill, context: tuple[Context, ...] = ()
) -> tuple[Exposed, NDArray[np.bool_]]:
    """Fill zones by a method of `corinpaint.restore.fills`.

    Returns
    -------
    exposed : Exposed
        Brightness and variance with the fill; NaN where the method finds no value.
    reached : ndarray of bool, shape (H, W)
        Where it finds one.
    """
    wanted = np.logical_or.reduce([zone.missing for zone in zones])
    values = method(problem(around, zones, context))
    holes = blocks.expand(wanted, around.field.shape) & around.field
    brightness = np.where(holes, values, around.brightness)
    variance = uncertainty.of_fill(around.exposed, around.observed, wanted, brightness)
    return replace(around.exposed, brightness=brightness, variance=variance), np.isfinite(values)


def problem(around: Surroundings, zones: tuple[blocks.Zone, ...], context: tuple[Context, ...] = ()) -> fills.Problem:
    """What a method of `corinpaint.restore.fills` is told of a frame whose `zones` it shall fill."""
    exposed = around.exposed
    missing = np.logical_or.reduce([zone.missing for zone in zones])
    hole = blocks.expand(missing, around.field.shape) & around.field
    sigma = np.sqrt(exposed.variance)
    return fills.Problem(around.brightness, around.observed, hole, sigma, around.centre, zones, context)
