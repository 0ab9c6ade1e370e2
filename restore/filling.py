"""Blocks filled by the network or by a method without it, one way in and one way out."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.photometry import noise
from corinpaint.lasco.photometry.detector import Exposed
from corinpaint.model.metadata import DOMAINS
from corinpaint.restore import uncertainty
from corinpaint.restore.context import Context
from corinpaint.restore.engines import base
from corinpaint.restore.methods.problem import Fill, Problem
from corinpaint.restore.network import crops, equalisation, log_polar
from corinpaint.restore.survey import Surroundings


def network_input(around: Surroundings) -> tuple[base.Image, base.Image, equalisation.Equaliser]:
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
    equaliser = equalisation.fit(around.brightness, around.observed)
    image = np.where(around.observed, equaliser.forward(around.brightness), np.float32(0))
    return image[None, None], around.observed.astype(np.float32)[None, None], equaliser


def fill_with_network(
    around: Surroundings,
    zones: tuple[blocks.Zone, ...],
    engine: base.Inpainter,
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
    filled = log_polar.fill(problem(around, zones, context), engine)
    exposed = around.exposed
    variance = filled.variance(exposed.variance, _own_variance(exposed, filled.brightness, filled.reached))
    return replace(exposed, brightness=filled.brightness, variance=variance), filled.reached


def _own_variance(exposed: Exposed, brightness: NDArray[np.float32], where: NDArray[np.bool_]) -> NDArray[np.float32]:
    """Variance of the noise that pixels would have had at another brightness; 0 elsewhere."""
    bias = exposed.exposure.bias
    there = replace(exposed.frame, data=exposed.frame.data[where])
    step = np.sqrt(exposed.variance[where] / noise.variance(there, bias))  # brightness per count
    counts = np.where(step > 0, bias + brightness[where] / np.where(step > 0, step, 1), 0)
    imagined = replace(exposed.frame, data=np.nan_to_num(counts).astype(np.float32))
    own = np.zeros(brightness.shape, dtype=np.float32)
    own[where] = np.nan_to_num(noise.variance(imagined, bias) * step**2, posinf=0)
    return own


def _fill_equalised(
    around: Surroundings, zones: tuple[blocks.Zone, ...], engine: base.Inpainter
) -> tuple[Exposed, NDArray[np.bool_]]:
    image, mask, equaliser = network_input(around)
    shape = (around.field.shape[0], around.field.shape[1])
    wanted = np.logical_or.reduce([zone.missing for zone in zones])
    brightness, reached = around.brightness.copy(), np.zeros(shape, dtype=bool)
    needs = (shape, engine.info.reach, engine.info.multiple)
    places = crops.windows(zones, *needs)
    for part in crops.batches(places, crops.size, log_polar.BATCH):
        given = (np.concatenate([whole[:, :, rows, columns] for rows, columns in part]) for whole in (image, mask))
        filled = engine.fill(*given)
        for place, values, known in zip(part, filled.image[:, 0], filled.reached[:, 0] > 0, strict=True):
            missing = np.logical_or.reduce([zone.missing for zone in crops.held(place, zones, *needs)])
            mine = blocks.expand(missing, shape)[place] & around.field[place] & known
            log_polar.check_finite(values[mine], engine)
            brightness[place][mine] = equaliser.inverse(values[mine])
            reached[place] |= known
    variance = uncertainty.of_fill(around.exposed, around.observed, wanted, brightness)
    return replace(around.exposed, brightness=brightness, variance=variance), reached


def fill_with_method(
    around: Surroundings, zones: tuple[blocks.Zone, ...], method: Fill, context: tuple[Context, ...] = ()
) -> tuple[Exposed, NDArray[np.bool_]]:
    """Fill zones by a method of `corinpaint.restore.methods.registry`.

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


def problem(around: Surroundings, zones: tuple[blocks.Zone, ...], context: tuple[Context, ...] = ()) -> Problem:
    """What a method of `corinpaint.restore.methods.registry` is told of a frame whose `zones` it shall fill."""
    exposed = around.exposed
    missing = np.logical_or.reduce([zone.missing for zone in zones])
    hole = blocks.expand(missing, around.field.shape) & around.field
    sigma = np.sqrt(exposed.variance)
    return Problem(around.brightness, around.observed, hole, sigma, around.centre, zones, context)
