"""Frames of a movie, drawn: the image with limb and marks, a line above, a line and a bar of time below.

Drawn by numpy and Pillow, as matplotlib takes longer; see benchmarks/movie.py.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

import numpy as np
from numpy.typing import NDArray
from PIL import Image as Pillow
from PIL import ImageDraw, ImageFont

from corinpaint.archive.movies.cadence import Gap, in_words
from corinpaint.archive.movies.images import Image, Kind
from corinpaint.archive.movies.stretching import Stretch
from corinpaint.lasco.level1.collection import Setting
from corinpaint.lasco.level1.product import Flag, flagged
from corinpaint.lasco.photometry.photometry import MSB_UNIT
from corinpaint.lasco.pictures.colour_tables import colours
from corinpaint.lasco.pictures.coordinates import solar_coordinates
from corinpaint.lasco.pictures.outlines import outlines
from corinpaint.lasco.pictures.stretch import grey

MIN_WIDTH = 480
"""Width of a movie at least, px, so that its lines can be read; smaller images are enlarged."""

CHARACTERS = 60
"""Font size is the width over this."""

MIN_FONT = 11
"""Font size at least, px."""

BAR = 16
"""Height of the bar of time, px."""

GREYS = 16
"""Greys of `Drawing.palette` beside the colours of the table, for the edges of letters."""

Colour = tuple[int, int, int]

NO_VALUE: Colour = (112, 112, 112)
OCCULTED: Colour = (56, 56, 56)
PAPER: Colour = (16, 16, 16)
INK: Colour = (230, 230, 230)
FAINT: Colour = (120, 120, 120)
LIMB: Colour = (255, 255, 255)
REFUSED: Colour = (255, 255, 255)
FILLED: Colour = (0, 230, 180)
WARNING: Colour = (255, 200, 60)

WORDS = {
    "original": "brightness",
    "running": "running difference",
    "base": "base difference",
    "background": "minus background",
}
"""How each kind of movie is called in its frames."""


@dataclass(frozen=True)
class Look:
    """How the frames of a movie look.

    Attributes
    ----------
    setting : Setting
    kind : str
        Of the movie.
    stretch : Stretch
    unit : str
        Of the images.
    times : sequence of datetime
        Of all frames, in order.
    gaps : sequence of Gap
    width : int, optional
        Columns of the movie, px; by default those of the images, if they are enough.
    outline : bool
        Outline filled blocks.
    """

    setting: Setting
    kind: Kind
    stretch: Stretch
    unit: str
    times: Sequence[datetime]
    gaps: Sequence[Gap]
    width: int | None = None
    outline: bool = False


class Drawing:
    """Draws the frames of a movie, all of one size.

    Parameters
    ----------
    look : Look
    """

    def __init__(self, look: Look) -> None:
        self.look = look
        rows, columns = look.setting.shape
        width = look.width or max(columns, MIN_WIDTH)
        self._scale = width / columns
        self._image = (width, max(round(rows * self._scale), 1))
        size = max(width // CHARACTERS, MIN_FONT)
        self._font = ImageFont.load_default(size=size)
        self._line = size + 12
        height = self._image[1] + 2 * self._line + BAR
        self.size = (width + width % 2, height + height % 2)
        """Width and height of the frames, px, both even, as H.264 needs them."""
        table = colours(look.setting.detector) if look.kind == "original" else _greys()
        self._palette = np.vstack([table, [NO_VALUE, OCCULTED]]).astype(np.uint8)
        self._empty = self._template()

    @property
    def palette(self) -> NDArray[np.uint8]:
        """256 colours for frames that may have no more, shape (256, 3): of the table, of the marks, and greys."""
        marks = np.array([NO_VALUE, OCCULTED, PAPER, INK, FAINT, LIMB, FILLED, WARNING], np.uint8)
        shades, table = _greys()[:: 256 // GREYS], self._palette[:256]
        chosen = np.linspace(0, 255, 256 - GREYS - len(marks)).round().astype(int)
        return np.concatenate([marks, shades, table[chosen]])

    def frame(self, image: Image, gap: Gap | None = None) -> Pillow.Image:
        """The frame of an image.

        Parameters
        ----------
        image : Image
        gap : Gap, optional
            What lies between the image before and this one.

        Returns
        -------
        PIL.Image.Image
            RGB, of `size`.
        """
        canvas = self._empty.copy()
        canvas.paste(self._picture(image), (0, self._line))
        draw = ImageDraw.Draw(canvas)
        self._sun(draw, image)
        if self.look.outline:
            self._outline(draw, image.has(Flag.FILLED), FILLED, 1)
        refused = image.has(Flag.REFUSED)
        self._outline(draw, refused, REFUSED, 2)
        marks = [("refused zones", WARNING)] if refused.any() else []
        marks += [("filled blocks", FILLED)] if self.look.outline and image.has(Flag.FILLED).any() else []
        self._above(draw, image.member.taken, marks)
        self._below(draw, _what(self.look.kind, image), gap)
        self._cursor(draw, image.member.taken)
        return canvas

    def card(self, frame: Pillow.Image, gap: Gap) -> Pillow.Image:
        """A frame that says that there is a gap, over what was shown last."""
        width, height = self._image
        canvas = self._empty.copy()
        dimmed = frame.crop((0, self._line, width, self._line + height)).point(lambda value: value // 4)
        draw = ImageDraw.Draw(dimmed)
        for start in range(-height, width, 32):
            draw.line([(start, height), (start + height, 0)], fill=FAINT, width=1)
        begin, end = (f"{when:%Y-%m-%d %H:%M}" for when in (gap.begin, gap.end))
        words = f"no frames for {in_words(gap.seconds)}\n{begin} to {end} UTC"
        left, top, right, bottom = draw.multiline_textbbox(
            (width / 2, height / 2), words, font=self._font, anchor="mm", align="center"
        )
        draw.rectangle((left - 12, top - 12, right + 12, bottom + 12), fill=PAPER)
        draw.multiline_text((width / 2, height / 2), words, font=self._font, anchor="mm", align="center", fill=WARNING)
        canvas.paste(dimmed, (0, self._line))
        draw = ImageDraw.Draw(canvas)
        self._above(draw, None, [])
        self._cursor(draw, gap.begin + (gap.end - gap.begin) / 2)
        return canvas

    def _picture(self, image: Image) -> Pillow.Image:
        """The stretched image in its colours, of the size in the movie."""
        shades = grey(self.look.stretch.of(image))
        without, occulted = np.isnan(image.data)[::-1], flagged(image.mask, Flag.OCCULTED)[::-1]
        shades[without] = 0
        picture = self._sized(self._palette[shades], Pillow.Resampling.BOX)
        kinds = np.where(without, np.where(occulted, 2, 1), 0).astype(np.uint8)
        kinds = np.asarray(self._sized(kinds, Pillow.Resampling.NEAREST))
        pixels = np.array(picture)
        pixels[kinds == 1], pixels[kinds == 2] = NO_VALUE, OCCULTED
        return Pillow.fromarray(pixels)

    def _sized(self, plane: NDArray[np.uint8], resampling: Pillow.Resampling) -> Pillow.Image:
        picture = Pillow.fromarray(plane)
        if picture.size == self._image:
            return picture
        return picture.resize(self._image, resampling if self._scale < 1 else Pillow.Resampling.NEAREST)

    def _places(self, column: NDArray[np.floating], row: NDArray[np.floating]) -> list[tuple[float, float]]:
        """Places in the frame, px from its upper left corner, of places in the image."""
        rows = self.look.setting.shape[0]
        x = (column + 0.5) * self._scale - 0.5
        y = (rows - 0.5 - row) * self._scale - 0.5 + self._line
        return list(zip(x.tolist(), y.tolist(), strict=True))

    def _sun(self, draw: ImageDraw.ImageDraw, image: Image) -> None:
        """The limb, and a stroke from the centre of the sun to its north pole."""
        sun = solar_coordinates(image.header)
        draw.line(self._places(*sun.place(1.0, np.arange(0.0, 361.0, 3.0))), fill=LIMB, width=1)
        draw.line(self._places(*sun.place(np.array([0.7, 1.0]), 0.0)), fill=LIMB, width=1)

    def _outline(self, draw: ImageDraw.ImageDraw, where: NDArray[np.bool_], colour: Colour, width: int) -> None:
        if not where.any():
            return
        for polygon in outlines(where):
            places = self._places(polygon[:, 0], polygon[:, 1])
            draw.line([*places, places[0]], fill=colour, width=width)

    def _above(self, draw: ImageDraw.ImageDraw, taken: datetime | None, marks: Sequence[tuple[str, Colour]]) -> None:
        setting = self.look.setting
        camera = f"LASCO {setting.detector} {setting.filter.capitalize()}"
        camera += "" if setting.polar == "CLEAR" else f" {setting.polar.lower()}"
        draw.text((8, self._line / 2), camera, fill=INK, font=self._font, anchor="lm")
        if taken is not None:
            when = f"{taken:%Y-%m-%d %H:%M:%S} UTC"
            draw.text((self._image[0] / 2, self._line / 2), when, fill=INK, font=self._font, anchor="mm")
        right = self._image[0] - 8.0
        for words, colour in marks:
            draw.text((right, self._line / 2), words, fill=colour, font=self._font, anchor="rm")
            right -= draw.textlength(words + "  ", font=self._font)

    def _below(self, draw: ImageDraw.ImageDraw, words: str, gap: Gap | None) -> None:
        middle = self._line * 1.5 + self._image[1]
        draw.text((8, middle), words, fill=INK, font=self._font, anchor="lm")
        if gap is not None:
            left = 8 + draw.textlength(words + "   ", font=self._font)
            draw.text((left, middle), f"after {in_words(gap.seconds)}", fill=WARNING, font=self._font, anchor="lm")

    def _template(self) -> Pillow.Image:
        """What is the same in all frames: paper, limits of the stretch, and the bar of time with its gaps."""
        canvas = Pillow.new("RGB", self.size, PAPER)
        draw = ImageDraw.Draw(canvas)
        middle = self._line * 1.5 + self._image[1]
        draw.text((self._image[0] - 8, middle), self._limits(), fill=FAINT, font=self._font, anchor="rm")
        y = self._bar()
        draw.line([(self._at(self.look.times[0]), y), (self._at(self.look.times[-1]), y)], fill=FAINT, width=2)
        for gap in self.look.gaps:
            draw.line([(self._at(gap.begin), y), (self._at(gap.end), y)], fill=PAPER, width=2)
            for x in range(math.ceil(self._at(gap.begin)) + 3, math.floor(self._at(gap.end)) - 2, 6):
                draw.line([(x - 2, y + 2), (x + 2, y - 2)], fill=WARNING, width=1)
        for taken in self.look.times:
            draw.line([(self._at(taken), y - 3), (self._at(taken), y + 3)], fill=INK, width=1)
        return canvas

    def _limits(self) -> str:
        stretch, unit = self.look.stretch, "MSB" if self.look.unit == MSB_UNIT else self.look.unit
        low, high = stretch.limits
        if stretch.kind == "nrgf":
            return f"radially normalised, {low:.1f} to {high:.1f} sigma"
        if stretch.kind == "log":
            return f"{10**low:.1e} to {10**high:.1e} {unit}"
        return f"{low:.1e} to {high:.1e} {unit}"

    def _bar(self) -> float:
        return self._image[1] + 2 * self._line + BAR / 2 - 2

    def _at(self, taken: datetime) -> float:
        """Place of a time along the bar, px."""
        first, last = self.look.times[0], self.look.times[-1]
        part = (taken - first) / (last - first) if last > first else 0.5
        return 8 + part * (self._image[0] - 16)

    def _cursor(self, draw: ImageDraw.ImageDraw, taken: datetime) -> None:
        x, y = self._at(taken), self._bar()
        draw.ellipse((x - 5, y - 5, x + 5, y + 5), fill=INK)


def _greys() -> NDArray[np.uint8]:
    return np.repeat(np.arange(256, dtype=np.uint8)[:, None], 3, axis=1)


def _what(kind: Kind, image: Image) -> str:
    """What a frame shows, in words."""
    words = WORDS[kind]
    if image.subtracted is None or kind == "background":
        return words
    return f"{words}, minus {in_words(image.apart)} before"
