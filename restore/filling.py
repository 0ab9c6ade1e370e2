"""Filling the zones of a frame: each by the first of its methods that finds values for all of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.photometry.detector import ObservedFrame
from corinpaint.restore import uncertainty
from corinpaint.restore.context import Context
from corinpaint.restore.engines import loading
from corinpaint.restore.engines.base import Inpainter, ModelInfo
from corinpaint.restore.limits import by_size
from corinpaint.restore.limits.predicted import predicted_error, predicts
from corinpaint.restore.methods import registry, temporal
from corinpaint.restore.methods.problem import Fill, problem_of
from corinpaint.restore.network.adapters import adapt
from corinpaint.restore.network.base import NetworkAdapter
from corinpaint.restore.plan import NETWORK, ZonePlan


def fill_zones(
    observed: ObservedFrame,
    plans: list[ZonePlan],
    inpainter: Inpainter | None,
    context: tuple[Context, ...],
) -> tuple[ObservedFrame, list[ZonePlan], ModelInfo | None]:
    """Fill every zone by the first of its methods that finds values, and refuse those for which none does.

    Zones that take the same method in the same turn are filled together.

    Parameters
    ----------
    observed : ObservedFrame
    plans : list of ZonePlan
    inpainter : Inpainter or None
        The network; None for the shipped one, which is opened when it is needed.
    context : tuple of Context

    Returns
    -------
    filled : ObservedFrame
        With the fills in brightness and variance.
    plans : list of ZonePlan
        With the method that filled each zone, or the reason why none did.
    model : ModelInfo or None
        The network that filled, or whose predicted error refused a zone; None when none did.
    """
    brightness, variance = observed.brightness.copy(), observed.variance.copy()
    model: ModelInfo | None = None
    network: NetworkAdapter | None = None
    plans = list(plans)
    for turn in range(max((len(plan.methods) for plan in plans), default=0)):
        due = [index for index, plan in enumerate(plans) if plan.open and turn < len(plan.methods)]
        steps = {index: (plans[index].methods[turn], plans[index].in_context(turn)) for index in due}
        for name, in_context in dict.fromkeys(steps.values()):
            mine = [index for index in due if steps[index] == (name, in_context)]
            zones = tuple(plans[index].record.zone for index in mine)
            if name == NETWORK:
                network = network or adapt(inpainter or loading.load())
                given = context if in_context and network.takes_context else ()
                contributing = network.contributing
                result, reached = network.fill(observed, zones, given)
                result = by_size.corrected(observed, result, zones, given, network.info.sha256)
            else:
                given = context if name in registry.NEED_CONTEXT else ()
                contributing = temporal.contributing
                result, reached = fill_with_method(observed, zones, registry.METHODS[name](), given)
            for index in mine:
                missing = plans[index].record.zone.missing
                place = blocks.bounding_box(missing, observed.shape)
                whole = observed.hole(missing)
                hole = whole[place]
                if not reached[place][hole].all():
                    continue
                if name == NETWORK and network is not None:
                    model = network.info
                    if predicts(model):
                        error = predicted_error(observed, result, whole)
                        plans[index] = plans[index].predicting(error)
                if plans[index].open:
                    brightness[place][hole] = result.brightness[place][hole]
                    variance[place][hole] = result.variance[place][hole]
                    taken = contributing(given, plans[index].record.zone.area)
                    plans[index] = plans[index].filled_by(name, brightness[place][hole], variance[place][hole], taken)
    for index, plan in enumerate(plans):
        if plan.open:
            looked = bool(context) or plan.methods[-1] in registry.NEED_CONTEXT
            plans[index] = plan.out_of_reach(with_context=looked)
    return replace(observed, brightness=brightness, variance=variance), plans, model


def fill_with_method(
    observed: ObservedFrame, zones: tuple[blocks.Zone, ...], method: Fill, context: tuple[Context, ...] = ()
) -> tuple[ObservedFrame, NDArray[np.bool_]]:
    """Fill zones by a method of `corinpaint.restore.methods.registry`.

    Returns
    -------
    filled : ObservedFrame
        Brightness and variance with the fill; NaN where the method finds no value.
    reached : ndarray of bool, shape (H, W)
        Where it finds one.
    """
    wanted = np.logical_or.reduce([zone.missing for zone in zones])
    values = method(problem_of(observed, zones, context))
    brightness = np.where(observed.hole(wanted), values, observed.brightness)
    variance = uncertainty.of_fill(observed, wanted, brightness)
    return replace(observed, brightness=brightness, variance=variance), np.isfinite(values)
