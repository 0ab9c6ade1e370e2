"""A product to be drawn, and what the panels of its picture share."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.pictures import panels, zones
from corinpaint.lasco.pictures.colour_tables import TABLES, colour_table
from corinpaint.lasco.pictures.coordinates import SolarCoordinates
from corinpaint.lasco.pictures.palette import PALETTES, Palette
from corinpaint.lasco.pictures.stretch import Scaled

if TYPE_CHECKING:
    from matplotlib.colors import Colormap

MAX_ZONES = 12
"""Zones that are enlarged; of more, the largest."""

OF_DIFFERENCES = "SUBHASH"
"""A card that differences of products have alone."""


class Product(Protocol):
    """What can be drawn: `Level1` and `Level1File`."""

    @property
    def data(self) -> NDArray[Any]: ...
    @property
    def mask(self) -> NDArray[np.uint8] | None: ...
    @property
    def uncertainty(self) -> NDArray[np.float32] | None: ...
    @property
    def header(self) -> fits.Header: ...


@dataclass(frozen=True, eq=False)
class Scene:
    """A product and what its panels share."""

    product: Product
    scaled: Scaled
    sun: SolarCoordinates | None
    truth: NDArray[np.floating] | None
    numbered: bool

    @property
    def detector(self) -> str:
        found = str(self.product.header.get("DETECTOR", "")).strip().upper()
        return found if found in TABLES else "C2"

    @property
    def palette(self) -> Palette:
        return PALETTES[self.detector]

    @cached_property
    def table(self) -> Colormap:
        if self.scaled.kind == "difference":
            import matplotlib

            return matplotlib.colormaps["gray"]
        return colour_table(self.detector)

    @cached_property
    def after(self) -> panels.Pixels:
        return panels.coloured(self.scaled, self.table, self.product.mask)

    @cached_property
    def before(self) -> panels.Pixels:
        return self.after if self.product.mask is None else panels.before(self.after, self.product.mask, self.palette)

    @cached_property
    def zones(self) -> list[zones.Zone]:
        mask = self.product.mask
        found = [] if mask is None else zones.zones_in(mask, self.product.header)
        if len(found) > MAX_ZONES:
            found = sorted(found, key=lambda zone: -np.count_nonzero(zone.where))[:MAX_ZONES]
            found.sort(key=lambda zone: zone.number)
        return found
