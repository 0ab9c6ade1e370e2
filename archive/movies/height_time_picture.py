"""A height-time map as a picture of matplotlib."""

from __future__ import annotations

import io
import itertools
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from corinpaint.archive.movies.drawing import WORDS
from corinpaint.archive.movies.height_time import HeightTime
from corinpaint.lasco.geometry.observer import SOLAR_RADIUS_M

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PERCENTILE = 98.0
"""Percentile of the absolute values that is black below zero and white above."""

SMOOTHED_ROWS = 31
"""Rows over which the scatter at a distance is smoothed."""

FILLED_COLOUR = "#009e73"
BLANK_COLOUR = "#7f8fb0"
LINE_COLOURS = ("#e69f00", "#56b4e9", "#cc79a7", "#f0e442")

LINES = 6
"""Lines of each speed over the time of a map."""


def plot(found: HeightTime, speeds: Sequence[float] = (), limit: float | None = None) -> Figure:
    """Draw a height-time map.

    All fades with the distance by more than a picture can show, so values are drawn over their scatter at their
    distance, see `over_scatter`. Gaps, and what is missing or was refused, are bluish; filled parts are hatched.

    Parameters
    ----------
    found : HeightTime
    speeds : sequence of float
        Lines of these speeds in the sky are drawn, km/s.
    limit : float, optional
        Value over scatter that is white, and black below zero; by default that of `PERCENTILE`.

    Returns
    -------
    matplotlib.figure.Figure
    """
    from matplotlib.figure import Figure
    from matplotlib.patches import Patch

    figure = Figure(figsize=(10, 5.5), layout="constrained")
    axes = figure.add_subplot(facecolor=BLANK_COLOUR)
    scaled = over_scatter(found)
    finite = np.abs(scaled[np.isfinite(scaled)])
    limit = limit or (float(np.percentile(finite, PERCENTILE)) if finite.size else 1.0) or 1.0
    rows = found.start + found.step * np.arange(len(scaled) + 1)
    times, columns = _with_gaps(found, scaled)
    mesh = axes.pcolormesh(times, rows, columns, cmap="gray", vmin=-limit, vmax=limit, rasterized=True)
    handles = _hatched(axes, found, rows)
    if np.isnan(columns).any():
        handles.append(Patch(label="no value: refused, or no frame", facecolor=BLANK_COLOUR))
    axes.set_xlim(times[0], times[-1])
    axes.set_ylim(rows[0], rows[-1])
    for speed, colour in zip(speeds, itertools.cycle(LINE_COLOURS), strict=False):
        handles.append(_lines(axes, found, speed, colour))
    _label(axes, found)
    figure.colorbar(mesh, ax=axes, label=f"{WORDS[found.kind]} over its scatter at this distance", pad=0.01)
    if handles:
        axes.legend(handles=handles, loc="upper right", fontsize="small", framealpha=0.85)
    return figure


def png(figure: Figure, about: Mapping[str, str]) -> bytes:
    """A figure as the content of a PNG file, with metadata."""
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer, metadata=dict(about))  # type: ignore[no-untyped-call]
    return buffer.getvalue()


def over_scatter(found: HeightTime) -> NDArray[np.float32]:
    """Values over their scatter at each distance: the root mean square of what they are from their median.

    The scatter is smoothed over `SMOOTHED_ROWS`, so that a map of few columns has one, too. Brightness is drawn from
    its median at the distance, differences from zero.

    Returns
    -------
    ndarray of float32, shape (rows, columns)
        NaN where there is no value.
    """
    from scipy import ndimage

    values = np.ma.masked_invalid(found.values.astype(np.float64))
    middle = np.ma.median(values, axis=1, keepdims=True)  # type: ignore[no-untyped-call]
    scatter = np.sqrt(np.ma.mean(np.square(values - middle), axis=1)).filled(np.nan)
    good = np.flatnonzero(scatter > 0)
    if not good.size:
        return np.where(np.isfinite(found.values), np.float32(0), np.float32(np.nan))
    logs = np.interp(np.arange(len(scatter)), good, np.log(scatter[good]))
    smooth = np.exp(ndimage.uniform_filter1d(logs, SMOOTHED_ROWS, mode="nearest"))[:, None]
    shown = values - middle if found.kind == "original" else values
    return np.asarray((shown / smooth).filled(np.nan), dtype=np.float32)


def _with_gaps(found: HeightTime, values: NDArray[np.float32]) -> tuple[NDArray[np.float64], NDArray[np.float32]]:
    """Edges of the columns in days of matplotlib, and the values with a blank column in each gap."""
    edges = np.array([_days(edge) for edge in found.edges()])
    blank = np.full((len(values), 1), np.nan, np.float32)
    times, columns = [edges[0, 0]], []
    for number, (begin, end) in enumerate(edges):
        if begin > times[-1] + 1e-9:
            times.append(begin)
            columns.append(blank)
        times.append(end)
        columns.append(values[:, number : number + 1])
    return np.array(times), np.hstack(columns)


def _hatched(axes: Axes, found: HeightTime, rows: NDArray[np.floating]) -> list[Any]:
    """Hatch what is filled; what stands for it in the legend."""
    from matplotlib.collections import PolyCollection
    from matplotlib.patches import Patch

    parts = []
    for number, edge in enumerate(found.edges()):
        left, right = _days(edge)
        steps = np.flatnonzero(np.diff((found.filled[:, number] > 0).astype(np.int8), prepend=0, append=0))
        for first, last in steps.reshape(-1, 2):
            low, high = rows[first], rows[last]
            parts.append([(left, low), (right, low), (right, high), (left, high)])
    if not parts:
        return []
    style: dict[str, Any] = {"facecolor": "none", "edgecolor": FILLED_COLOUR, "hatch": "////", "linewidth": 1.0}
    axes.add_collection(PolyCollection(parts, **style), autolim=False)
    return [Patch(label="filled, in part or all", **style)]


def _lines(axes: Axes, found: HeightTime, speed: float, colour: str) -> Any:
    """Parallel lines of one speed from the lower edge of the map."""
    edges = found.edges()
    begin, end = edges[0][0], edges[-1][1]
    height = found.step * len(found.values)
    lasting = timedelta(seconds=height * SOLAR_RADIUS_M / (1000 * speed))
    first = begin - lasting
    for number in range(LINES + 1):
        start = first + (end - first) * number / LINES
        style: dict[str, Any] = {"color": colour, "linestyle": (0, (6, 4)), "linewidth": 1.2}
        (line,) = axes.plot(_days((start, start + lasting)), [found.start, found.start + height], **style)
    line.set_label(f"{speed:g} km/s")
    return line


def _label(axes: Axes, found: HeightTime) -> None:
    from matplotlib.dates import AutoDateLocator, ConciseDateFormatter

    locator = AutoDateLocator()  # type: ignore[no-untyped-call]
    axes.xaxis.set_major_locator(locator)
    axes.xaxis.set_major_formatter(ConciseDateFormatter(locator))  # type: ignore[no-untyped-call]
    axes.set_xlabel("start of the exposure (UTC)")
    axes.set_ylabel("distance from the sun centre (solar radii)")
    sector = found.sector
    axes.set_title(
        f"LASCO {found.setting.detector} {found.setting.filter.capitalize()}, {WORDS[found.kind]}, position angle "
        f"{sector.angle:g}° ± {sector.width / 2:g}°, {found.times[0]:%Y-%m-%d}",
        fontsize="medium",
    )


def _days(times: Sequence[datetime]) -> NDArray[np.float64]:
    """Times as matplotlib counts them."""
    from matplotlib.dates import date2num

    return np.asarray(date2num(list(times)), dtype=np.float64)  # type: ignore[no-untyped-call]
