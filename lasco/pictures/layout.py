"""Where the parts of a figure lie, in pixels, so that a frame of 1024 px is shown pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

DPI = 100
SIDE = 1024
"""Side of a panel."""

CELL = 330
"""Side of an enlarged zone."""

GAP, BAR, BAR_TEXT = 16, 22, 84
TITLE, CAPTION, LEGEND_LINE = 48, 34, 30


@dataclass(frozen=True)
class Layout:
    """Sizes of a figure: a row of panels, a legend under it, and a grid of zones.

    Attributes
    ----------
    bars : tuple of bool
        For each panel of the row, whether it has a colour bar on its right.
    legend_lines : int
    zones : int
        Enlarged zones.
    cells : int
        Panels of each of them.
    """

    bars: tuple[bool, ...]
    legend_lines: int = 0
    zones: int = 0
    cells: int = 2

    @property
    def width(self) -> int:
        """Of the figure."""
        row = sum(SIDE + GAP + (BAR + BAR_TEXT if bar else 0) for bar in self.bars) + GAP
        return max(row, self._zone_width + GAP)

    @property
    def height(self) -> int:
        """Of the figure."""
        row = (CAPTION + SIDE if self.bars else 0) + (LEGEND_LINE * self.legend_lines + GAP)
        return TITLE + row + self._zone_rows * (CAPTION + CELL + GAP) + GAP

    @property
    def _zone_width(self) -> int:
        return self.cells * (CELL + 4) + 2 * GAP if self.zones else 0

    @property
    def zones_per_row(self) -> int:
        """Zones beside each other."""
        row = sum(SIDE + GAP + (BAR + BAR_TEXT if bar else 0) for bar in self.bars)
        return max(row // self._zone_width, 1) if self.zones else 1

    @property
    def _zone_rows(self) -> int:
        return -(-self.zones // self.zones_per_row)

    def figure(self) -> Figure:
        """An empty figure of this size, apart from pyplot."""
        from corinpaint.lasco.pictures.figure import NotebookFigure

        return NotebookFigure(self.width, self.height, DPI)

    def panel(self, figure: Figure, index: int) -> Axes:
        """Axes of a panel of the row."""
        return self._axes(figure, self._panel_left(index), TITLE + CAPTION, SIDE, SIDE)

    def bar(self, figure: Figure, index: int) -> Axes:
        """Axes of the colour bar of a panel."""
        return self._axes(figure, self._panel_left(index) + SIDE + GAP // 2, TITLE + CAPTION, BAR, SIDE)

    def cell(self, figure: Figure, zone: int, cell: int) -> Axes:
        """Axes of a panel of an enlarged zone."""
        row, column = divmod(zone, self.zones_per_row)
        left = GAP + column * self._zone_width + cell * (CELL + 4)
        top = self.legend_top + LEGEND_LINE * self.legend_lines + GAP + row * (CAPTION + CELL + GAP)
        return self._axes(figure, left, top + CAPTION, CELL, CELL)

    @property
    def legend_top(self) -> int:
        """Pixels above the legend."""
        return TITLE + (CAPTION + SIDE + GAP // 2 if self.bars else 0)

    def place(self, left: float, top: float) -> tuple[float, float]:
        """Pixels from the upper left corner as shares of the figure from the lower left one."""
        return left / self.width, 1 - top / self.height

    def _panel_left(self, index: int) -> int:
        return GAP + sum(SIDE + GAP + (BAR + BAR_TEXT if bar else 0) for bar in self.bars[:index])

    def _axes(self, figure: Figure, left: float, top: float, width: float, height: float) -> Axes:
        x, y = self.place(left, top + height)
        return figure.add_axes((x, y, width / self.width, height / self.height))
