"""One stretch for all images of a movie, from a sample of them, so that brightness can be compared between frames."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from corinpaint.archive.movies.images import Image, Kind
from corinpaint.lasco.errors import NoFrameError, OptionError
from corinpaint.lasco.pictures.stretch import Limits, Profile, Scaled, radial_profile, scale

SAMPLE = 9
"""Images that limits are taken from, evenly spread over the movie."""

SHARE = 0.75
"""Share of the sampled images whose own limits lie within those of the movie: a bright CME is not cut off, and one
image full of particles does not darken all others."""

DEFAULT_STRETCHES = {"original": "nrgf", "background": "difference", "running": "difference", "base": "difference"}
"""Stretch of each kind of movie."""


@dataclass(frozen=True)
class Stretch:
    """A stretch with its limits.

    Attributes
    ----------
    kind : str
        One of `corinpaint.lasco.pictures.stretch.STRETCHES`.
    limits : tuple of float
        What is black and white, in the unit of the images; of their common logarithm for 'log', in standard deviations
        for 'nrgf'.
    profile : Profile or None
        Of 'nrgf': mean and standard deviation by distance from the sun, the same for all images.
    """

    kind: str
    limits: Limits
    profile: Profile | None = None

    def of(self, image: Image) -> Scaled:
        """The values of an image to draw."""
        return scale(image.data, image.header, self.kind, self.limits, profile=self.profile)


def common_stretch(
    sample: Callable[[], Iterable[Image]], movie: Kind, kind: str | None = None, limits: Limits | None = None
) -> Stretch:
    """The stretch of a movie, from those that each image of a sample would have alone.

    Parameters
    ----------
    sample : callable
        Gives the images, one at a time; called twice for 'nrgf'.
    movie : str
        Kind of the movie.
    kind : str, optional
        Kind of stretch; by default that of `DEFAULT_STRETCHES`.
    limits : tuple of float, optional
        What is black and white: standard deviations for 'nrgf', else in the unit of the images; by default from the
        sample.

    Returns
    -------
    Stretch

    Raises
    ------
    NoFrameError
        When the sample is empty.
    OptionError
        When there is no such stretch, or the limits are in the wrong order or have no logarithm.
    """
    kind = kind or DEFAULT_STRETCHES[movie]
    profile = None
    if kind == "nrgf":
        profile = _common_profile([radial_profile(image.data, image.header) for image in sample()])
    if limits is not None:
        return Stretch(kind, _checked(limits, kind), profile)
    own = [scale(image.data, image.header, kind, profile=profile).limits for image in sample()]
    if not own:
        raise _nothing()
    low, high = np.quantile(own, [1 - SHARE, SHARE], axis=0)[[0, 1], [0, 1]].tolist()
    return Stretch(kind, (low, high), profile)


def _checked(limits: Limits, kind: str) -> Limits:
    low, high = limits
    if not low < high or (kind == "log" and low <= 0):
        raise OptionError(f"limits {low:g} and {high:g}", "give the lower one first, for 'log' above zero")
    return (math.log10(low), math.log10(high)) if kind == "log" else limits


def _common_profile(profiles: list[Profile]) -> Profile:
    """Medians of profiles, at the distances of the first."""
    if not profiles:
        raise _nothing()
    first = profiles[0]
    distances = _distances(first)
    curves = [[np.interp(distances, _distances(one), curve) for curve in (one.mean, one.deviation)] for one in profiles]
    mean, deviation = np.median(curves, axis=0)
    return Profile(first.step, mean, deviation)


def _distances(profile: Profile) -> NDArray[np.float64]:
    """Middles of the rings of a profile, solar radii."""
    return np.asarray(profile.step * (np.arange(len(profile.mean)) + 0.5))


def _nothing() -> NoFrameError:
    return NoFrameError("no image can be made of these products", "give more products, or another kind of movie")
