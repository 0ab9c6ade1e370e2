"""What the field draws on images of the corona: the limb, rings of solar radii, position angles, north."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike

from corinpaint.lasco.pictures.coordinates import SolarCoordinates

if TYPE_CHECKING:
    from matplotlib.axes import Axes

ANGLE_STEP = 30
"""Degrees between ticks of position angle."""

MAX_RINGS = 7


def annotate(axes: Axes, sun: SolarCoordinates, colour: str) -> None:
    """Draw the limb, rings of solar radii with their numbers, ticks of position angle, and an arrow to the north.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
        With its limits set, in pixels of the image.
    sun : SolarCoordinates
    colour : str
    """
    _ring(axes, sun, 1.0, colour, linewidth=1.6)
    rings = ring_distances(axes, sun)
    for distance in rings:
        _ring(axes, sun, distance, colour, linewidth=0.8, linestyle=(0, (4, 5)), alpha=0.55)
        write(axes, *sun.place(distance, 202.5), f"{distance:g}", colour)
    if rings:
        _position_angles(axes, sun, rings[-1], colour)
    _north(axes, sun, colour)


def write(axes: Axes, column: ArrayLike, row: ArrayLike, text: str, colour: str, place: str = "center") -> None:
    """Write in an image, with a dark edge that parts the text from what is bright.

    Parameters
    ----------
    axes : matplotlib.axes.Axes
    column, row : float
        Where, px.
    text, colour : str
    place : str
        Which point of the text is there: 'center' or 'left', the middle of its beginning.
    """
    from matplotlib.patheffects import withStroke

    edge = [withStroke(linewidth=2.5, foreground="black", alpha=0.7)]
    axes.text(
        float(np.asarray(column)),
        float(np.asarray(row)),
        text,
        color=colour,
        ha=place,
        va="center",
        path_effects=edge,
        fontsize=11,
        clip_on=True,
    )


def ring_distances(axes: Axes, sun: SolarCoordinates) -> list[float]:
    """Distances of the rings, solar radii: round numbers inside of the largest circle that fits into the axes."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    across = min(sun.column - left, right - sun.column) / abs(sun.radius[0])
    up = min(sun.row - low, high - sun.row) / abs(sun.radius[1])
    largest = min(across, up)
    steps = (0.5, 1.0, 2.0, 5.0, 10.0, 20.0)
    step = next((step for step in steps if largest / step <= MAX_RINGS), steps[-1])
    return [float(distance) for distance in np.arange(step, largest, step) if distance > 1]


def _ring(axes: Axes, sun: SolarCoordinates, distance: float, colour: str, **style: Any) -> None:
    from matplotlib.patches import Ellipse

    width, height = (2 * distance * abs(size) for size in sun.radius)
    axes.add_patch(Ellipse((sun.column, sun.row), width, height, fill=False, edgecolor=colour, **style))


def _position_angles(axes: Axes, sun: SolarCoordinates, distance: float, colour: str) -> None:
    from matplotlib.collections import LineCollection

    angles = np.arange(0, 360, ANGLE_STEP, dtype=float)
    ends = [np.stack(sun.place(distance * length, angles), axis=1) for length in (1.0, 0.97)]
    axes.add_collection(LineCollection(list(np.stack(ends, axis=1)), colors=colour, linewidths=1.4))
    for angle in angles:
        write(axes, *sun.place(0.925 * distance, angle), f"{angle:.0f}°", colour)


def _north(axes: Axes, sun: SolarCoordinates, colour: str) -> None:
    """Arrows to the north and to the east in the upper left corner; their lengths are a share of the image."""
    (left, right), (low, high) = axes.get_xlim(), axes.get_ylim()
    width, height = right - left, high - low
    start = np.array([left + 0.1 * width, high - 0.1 * height])
    style = {"arrowstyle": "->", "color": colour, "lw": 1.4, "shrinkA": 0}
    for angle, letter in ((0.0, "N"), (90.0, "E")):
        towards = np.subtract(sun.place(1.0, angle), (sun.column, sun.row))
        step = towards / np.hypot(towards[0] / width, towards[1] / height)
        axes.annotate("", tuple(start + 0.06 * step), tuple(start), arrowprops=style)
        write(axes, start[0] + 0.075 * step[0], start[1] + 0.075 * step[1], letter, colour)
