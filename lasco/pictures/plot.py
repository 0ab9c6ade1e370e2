"""The picture of a product: before and after, zones of missing blocks, and how uncertain the brightness is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.errors import MissingKeywordError, OptionError, WrongShapeError
from corinpaint.lasco.level1.flags import Flag, flagged
from corinpaint.lasco.photometry.photometry import MSB_UNIT
from corinpaint.lasco.pictures import conventions, zones
from corinpaint.lasco.pictures import panels as drawn
from corinpaint.lasco.pictures.coordinates import SolarCoordinates, solar_coordinates
from corinpaint.lasco.pictures.layout import Layout
from corinpaint.lasco.pictures.png import png as png
from corinpaint.lasco.pictures.scene import OF_DIFFERENCES, Product, Scene
from corinpaint.lasco.pictures.stretch import scale

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

PANELS = ("before", "after", "uncertainty", "zones")
"""What a picture can show; see `plot`."""

LEGEND_COLUMNS = 2
"""Entries of the legend under each panel."""

UNCERTAINTY_LIMITS = (0.003, 1.0)
"""Ends of the scale of the relative uncertainty."""

UNCERTAINTY_TICKS = (0.003, 0.01, 0.03, 0.1, 0.3, 1.0)

BARS = {
    "nrgf": "standard deviations from the mean of the ring (NRGF)",
    "log": "log10 of the brightness in {unit}",
    "linear": "brightness, {unit}",
    "difference": "difference of brightness, {unit}",
}
"""Labels of the colour bars."""


def plot(
    product: Product,
    stretch: str | None = None,
    panels: Sequence[str] | None = None,
    *,
    truth: NDArray[np.floating] | None = None,
) -> Figure:
    """Draw a product with the conventions of the field.

    The limb, rings of solar radii, position angles counter-clockwise from solar north, and north itself are drawn over
    it; filled blocks have a thin outline, refused ones a hatch, and what is occulted is neutral grey.

    Parameters
    ----------
    product : Level1 or Level1File
    stretch : str, optional
        One of `corinpaint.lasco.pictures.stretch.STRETCHES`; by default 'difference' for differences, else 'nrgf', the
        radial filter.
    panels : sequence of str, optional
        Of `PANELS`. 'before': what was received, missing blocks in one colour. 'after': the product. 'uncertainty': 1
        sigma over the brightness. 'zones': each zone of missing blocks, enlarged, before and after, and the truth where
        it is given. By default 'before' and 'after' where blocks are missing, else 'after'.
    truth : ndarray of float, shape (H, W), optional
        For 'zones': what would have been observed, in the unit and on the grid of the product.

    Returns
    -------
    matplotlib.figure.Figure
        Apart from pyplot; a notebook shows it, and `png` writes it.

    Raises
    ------
    OptionError
        When there is no such stretch or panel.
    WrongShapeError
        When the truth has not the shape of the product.
    MissingKeywordError, BadKeywordError
        When 'nrgf' finds no sun centre, scale or radius in the header.
    """
    wanted = _checked(product, panels)
    if truth is not None and truth.shape != product.data.shape:
        raise WrongShapeError(f"the truth has {truth.shape} px, not {product.data.shape}", "give that of the product")
    kind = stretch or ("difference" if OF_DIFFERENCES in product.header else "nrgf")
    scaled = scale(product.data, product.header, kind)
    scene = Scene(product, scaled, _sun(product.header), truth, "zones" in wanted)
    row = [name for name in wanted if name != "zones"]
    enlarged = scene.zones if "zones" in wanted else []
    entries = _legend(scene)
    bars = tuple(name == "uncertainty" or name == [n for n in row if n != "uncertainty"][-1] for name in row)
    in_line = LEGEND_COLUMNS * max(len(row), 1)
    layout = Layout(bars, -(-len(entries) // in_line), len(enlarged), 2 if truth is None else 3)
    figure = layout.figure()
    x, y = layout.place(16, 14)
    figure.text(x, y, _title(product.header, scene), fontsize=15, weight="bold", va="top")
    for index, name in enumerate(row):
        _DRAW[name](scene, layout.panel(figure, index))
        if bars[index]:
            _bar(scene, layout.bar(figure, index), name)
    if entries:
        anchor = layout.place(8, layout.legend_top)
        figure.legend(
            handles=entries, loc="upper left", bbox_to_anchor=anchor, ncols=in_line, frameon=False, fontsize=11.5
        )
    for number, zone in enumerate(enlarged):
        _enlarge(scene, zone, [layout.cell(figure, number, cell) for cell in range(layout.cells)])
    return figure


def default_panels(product: Product) -> list[str]:
    """'before' and 'after' of a product with missing blocks or masked pixels, else 'after' alone."""
    missing = product.mask is not None and flagged(product.mask, Flag.FILLED | Flag.REFUSED).any()
    return ["before", "after"] if missing else ["after"]


def _checked(product: Product, names: Sequence[str] | None) -> list[str]:
    if names is None:
        return default_panels(product)
    unknown = sorted(set(names) - set(PANELS))
    if unknown or not names or isinstance(names, str):
        raise OptionError(f"panels {names!r} are unknown", f"choose of {', '.join(PANELS)}")
    if "uncertainty" in names and product.uncertainty is None:
        raise OptionError("panel 'uncertainty': the file has no UNCERT", "leave it out, or make the product again")
    return [name for name in PANELS if name in names]


def _sun(header: fits.Header) -> SolarCoordinates | None:
    try:
        return solar_coordinates(header)
    except MissingKeywordError:
        return None


def _title(header: fits.Header, scene: Scene) -> str:
    when = str(header.get("DATE-OBS", "")).strip()[:19].replace("T", " ")
    filters = "/".join(str(header[key]).strip() for key in ("FILTER", "POLAR") if key in header)
    parts = [f"LASCO {scene.detector} {filters}".strip(), f"{when} UT" if when else "", str(header.get("FILENAME", ""))]
    return "   ".join(part.strip() for part in parts if part.strip())


def _legend(scene: Scene) -> list[Any]:
    mask = scene.product.mask
    return [] if mask is None else drawn.legend(mask, scene.palette)


def _before(scene: Scene, axes: Axes) -> None:
    drawn.draw(axes, scene.before)
    if scene.product.mask is not None:
        drawn.draw_outlines(axes, scene.product.mask, scene.palette)
    _finish(scene, axes, "before")


def _after(scene: Scene, axes: Axes) -> None:
    drawn.draw(axes, scene.after)
    if scene.product.mask is not None:
        drawn.draw_outlines(axes, scene.product.mask, scene.palette)
        if scene.numbered:
            drawn.draw_numbers(axes, scene.zones, scene.palette)
    fate = zones.summary(scene.product.header)
    _finish(scene, axes, f"after: {fate}" if " filled by " in fate else fate)


def _uncertainty(scene: Scene, axes: Axes) -> None:
    product = scene.product
    if product.uncertainty is None:
        return
    with np.errstate(divide="ignore", invalid="ignore"):
        relative = np.where(np.isnan(product.data), np.nan, product.uncertainty / np.abs(product.data))
    scaled = scale(np.clip(relative, *UNCERTAINTY_LIMITS), None, "log", _uncertainty_limits())
    drawn.draw(axes, drawn.coloured(scaled, _uncertainty_table(), product.mask))
    if product.mask is not None:
        drawn.draw_outlines(axes, product.mask, scene.palette)
    _finish(scene, axes, "1 sigma uncertainty over brightness")


_DRAW = {"before": _before, "after": _after, "uncertainty": _uncertainty}


def _uncertainty_limits() -> tuple[float, float]:
    low, high = UNCERTAINTY_LIMITS
    return float(np.log10(low)), float(np.log10(high))


def _uncertainty_table() -> Any:
    import matplotlib

    return matplotlib.colormaps["cividis"]


def _finish(scene: Scene, axes: Axes, title: str) -> None:
    axes.set_title(title, fontsize=14, loc="left", pad=6)
    if scene.sun is not None:
        conventions.annotate(axes, scene.sun, scene.palette.lines)


def _bar(scene: Scene, axes: Axes, name: str) -> None:
    """A colour bar: the table itself as an image, with ticks on its right."""
    if name == "uncertainty":
        table, label = _uncertainty_table(), "1 sigma over brightness, percent"
        low, high = _uncertainty_limits()
        axes.set_yticks(np.log10(UNCERTAINTY_TICKS), [f"{100 * tick:g}" for tick in UNCERTAINTY_TICKS])
    else:
        unit = str(scene.product.header.get("BUNIT", "")).strip() or "unit of the file"
        unit = "MSB (mean solar brightness)" if unit in ("MSB", MSB_UNIT) else unit
        table, label = scene.table, BARS[scene.scaled.kind].format(unit=unit)
        low, high = scene.scaled.limits
    high = high if high > low else low + 1.0
    axes.imshow(np.linspace(0, 1, 256)[:, None], cmap=table, aspect="auto", origin="lower", extent=(0, 1, low, high))
    axes.set_xticks([])
    axes.yaxis.tick_right()
    axes.yaxis.set_label_position("right")
    axes.set_ylabel(label, fontsize=12)
    axes.tick_params(labelsize=11)


def _enlarge(scene: Scene, zone: zones.Zone, cells: Sequence[Axes]) -> None:
    """A zone before, after, and as it would have been observed, between limits of its own."""
    product, window, kind = scene.product, zone.window, scene.scaled.kind
    values = scene.scaled.values[window]
    limits = scale(values, None, "difference" if kind == "difference" else "linear").limits
    mask = None if product.mask is None else product.mask[window]
    after = drawn.coloured(replace(scene.scaled, values=values, limits=limits), scene.table, mask)
    images = [("before", after if mask is None else drawn.before(after, mask, scene.palette)), ("after", after)]
    if scene.truth is not None:
        truth = scale(scene.truth, product.header, kind, limits, profile=scene.scaled.profile)
        images.append(("truth", drawn.coloured(replace(truth, values=truth.values[window]), scene.table, None)))
    for axes, (name, image) in zip(cells, images, strict=True):
        drawn.draw(axes, image)
        if mask is not None and name != "truth":
            drawn.draw_outlines(axes, mask, scene.palette, linewidth=0.7)
        axes.text(0.02, 0.97, name, transform=axes.transAxes, va="top", fontsize=11, color="white", bbox=_BOX)
    cells[0].set_title(zone.caption, fontsize=11, loc="left", pad=5)


_BOX = {"facecolor": "black", "alpha": 0.55, "edgecolor": "none", "pad": 2}
