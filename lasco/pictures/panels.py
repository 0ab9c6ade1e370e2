"""The images of a figure: colours of the brightness with the flags over them, and outlines of zones."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.level1.flags import Flag, flagged
from corinpaint.lasco.pictures.conventions import write
from corinpaint.lasco.pictures.outlines import outlines
from corinpaint.lasco.pictures.palette import HIDDEN, UNSENT, Palette
from corinpaint.lasco.pictures.stretch import Scaled, grey
from corinpaint.lasco.pictures.zones import Zone

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.colors import Colormap
    from matplotlib.patches import Patch

HATCH = "////"
"""Of what was refused, so that it does not depend on colours."""

Pixels = NDArray[np.uint8]


def coloured(scaled: Scaled, table: Colormap, mask: NDArray[np.uint8] | None) -> Pixels:
    """The image in the colours of its table; neutral grey where there is no value.

    Parameters
    ----------
    scaled : Scaled
    table : matplotlib.colors.Colormap
    mask : ndarray of uint8, shape (H, W), or None
        MASK, which tells what was occulted from what was never sent.

    Returns
    -------
    ndarray of uint8, shape (H, W, 4)
        Red, green, blue and opacity; row 0 at the bottom, as in FITS.
    """
    levels = grey(scaled)[::-1]
    image = table(np.arange(256), bytes=True)[levels]
    empty = np.isnan(scaled.values)
    image[empty] = rgba(HIDDEN)
    if mask is not None:
        image[empty & flagged(mask, Flag.NEVER_SENT)] = rgba(UNSENT)
        image[empty & flagged(mask, Flag.REFUSED) & ~flagged(mask, Flag.NEVER_SENT | Flag.OCCULTED)] = rgba("#000000")
        image[empty & flagged(mask, Flag.OCCULTED)] = rgba(HIDDEN)
    return np.asarray(image)


def before(image: Pixels, mask: NDArray[np.uint8], palette: Palette) -> Pixels:
    """The image with every flagged pixel in the colour of its flag: what was received; shape of `image`."""
    received = image.copy()
    for flag, colour in ((Flag.SATURATED, palette.saturated), (Flag.FILLED, palette.filled), (Flag.USER, palette.user)):
        where = flagged(mask, flag) & ~flagged(mask, Flag.OCCULTED | Flag.NEVER_SENT | Flag.REFUSED)
        received[where] = rgba(colour)
    return received


def rgba(colour: str) -> Pixels:
    """Red, green, blue and full opacity of '#rrggbb'; shape (4,)."""
    return np.frombuffer(bytes.fromhex(f"{colour[1:]}FF"), dtype=np.uint8)


def draw(axes: Axes, image: Pixels) -> None:
    """Show an image, row 0 at the bottom, without ticks; the axes decide on its size."""
    height, width = image.shape[:2]
    axes.imshow(
        image, origin="lower", interpolation="nearest", aspect="auto", extent=(-0.5, width - 0.5, -0.5, height - 0.5)
    )
    axes.set_xticks([])
    axes.set_yticks([])


def draw_outlines(axes: Axes, mask: NDArray[np.uint8], palette: Palette, linewidth: float = 1.0) -> None:
    """Draw thin outlines about what was filled, with a hatch inside of what was refused; what is hidden has none."""
    hidden = flagged(mask, Flag.OCCULTED | Flag.NEVER_SENT)
    for where, style in _styles(mask, palette):
        path = _path(where & ~hidden)
        if path is not None:
            from matplotlib.patches import PathPatch

            axes.add_patch(PathPatch(path, linewidth=linewidth, **style))


def draw_numbers(axes: Axes, found: Sequence[Zone], palette: Palette) -> None:
    """Write the number of each zone beside it; zones without one are left out."""
    for zone in found:
        rows, columns = np.nonzero(zone.where)
        if zone.number:
            write(axes, columns.max() + 5, rows.max(), str(zone.number), palette.filled, "left")


def _styles(mask: NDArray[np.uint8], palette: Palette) -> Iterator[tuple[NDArray[np.bool_], dict[str, Any]]]:
    user = flagged(mask, Flag.USER)
    filled, refused = flagged(mask, Flag.FILLED), flagged(mask, Flag.REFUSED)
    yield filled & ~user, {"fill": False, "edgecolor": palette.filled}
    yield filled & user, {"fill": False, "edgecolor": palette.user}
    yield refused, {"fill": False, "edgecolor": palette.refused, "hatch": HATCH}


def _path(where: NDArray[np.bool_]) -> Any:
    from matplotlib.path import Path

    polygons = outlines(where)
    if not polygons:
        return None
    closed = [np.vstack([polygon, polygon[:1]]) for polygon in polygons]
    codes = [[Path.MOVETO, *[Path.LINETO] * (len(polygon) - 1), Path.CLOSEPOLY] for polygon in polygons]
    return Path(np.vstack(closed), np.concatenate(codes))


def legend(mask: NDArray[np.uint8], palette: Palette) -> list[Patch]:
    """Entries of the legend for the flags that some pixel has, with their meaning and number of pixels."""
    from matplotlib.patches import Patch

    styles: dict[Flag, dict[str, Any]] = {
        Flag.FILLED: {"facecolor": palette.filled},
        Flag.REFUSED: {"facecolor": "black", "edgecolor": palette.refused, "hatch": HATCH},
        Flag.USER: {"facecolor": palette.user},
        Flag.SATURATED: {"facecolor": palette.saturated},
        Flag.OCCULTED: {"facecolor": HIDDEN},
        Flag.NEVER_SENT: {"facecolor": UNSENT},
    }
    counts = {flag: int(np.count_nonzero(flagged(mask, flag))) for flag in styles}
    return [
        Patch(label=f"{flag.meaning}: {counts[flag]} px", **style) for flag, style in styles.items() if counts[flag]
    ]
