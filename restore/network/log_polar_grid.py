"""Log-polar windows: a part of a frame remapped to the logarithm of the radius and the position angle.

Rows of a window are equidistant in log r, columns in angle, about the centre of the sun. At its centre a window shows
the frame at one scale, without distortion (the mapping is conformal); streamers run along its columns, and a power of
the radius is a straight line along them, wherever on the frame the window lies.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SIDE = 384
"""Maximum side of a window, px; every window in training has it."""

STEP = 64
"""Sides are multiples of it, px, as the strides of the networks need."""

NEAREST = 1.0
"""Smallest radius, px of the frame; pixels nearer to the centre of the sun count as at this radius."""

Numbers = NDArray[np.floating] | NDArray[np.integer]


@dataclass(frozen=True)
class Window:
    """Where a log-polar window lies.

    Attributes
    ----------
    centre : tuple of float
        Sun centre (column, row) on the frame, px from 0.
    radius : float
        Radius of the window's centre, px of the frame.
    angle : float
        Position of the window's centre about the sun, radians from the direction of increasing column towards that of
        increasing row.
    scale : float
        Px of the frame per px of the window at its centre.
    mirrored : bool
        Whether the angle runs the other way along the rows.
    side : int
        Rows and columns of the window, px.
    pixel : tuple of float
        Width and height of a px of the frame, over the smaller of the two: not (1, 1) where sums are not square. Radius
        and scale are in units of the smaller.
    """

    centre: tuple[float, float]
    radius: float
    angle: float
    scale: float = 1.0
    mirrored: bool = False
    side: int = SIDE
    pixel: tuple[float, float] = (1.0, 1.0)

    def pixels(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Rows and columns of the frame that the window's pixels show; two arrays of shape (side, side)."""
        steps = (np.arange(self.side) - (self.side - 1) / 2) * (self.scale / self.radius)
        radius = self.radius * np.exp(steps)[:, None]
        angle = (self.angle + (-steps if self.mirrored else steps))[None, :]
        width, height = self.pixel
        return self.centre[1] + radius * np.sin(angle) / height, self.centre[0] + radius * np.cos(angle) / width

    def places(self, rows: Numbers, columns: Numbers) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Inverse of `pixels`: rows and columns of the window, fractions of a px, of pixels of the frame."""
        x, y = _offsets(rows, columns, self.centre, self.pixel)
        turn = (np.arctan2(y, x) - self.angle + np.pi) % (2 * np.pi) - np.pi
        steps = self.radius / self.scale
        middle = (self.side - 1) / 2
        logs = np.log(np.maximum(np.hypot(x, y), NEAREST) / self.radius)
        return logs * steps + middle, (-turn if self.mirrored else turn) * steps + middle

    def shows(self, rows: NDArray[np.floating], columns: NDArray[np.floating]) -> NDArray[np.bool_]:
        """Whether places in the window, fractions of a px, lie inside of it."""
        return np.asarray(
            (rows >= 0) & (rows <= self.side - 1) & (columns >= 0) & (columns <= self.side - 1), dtype=bool
        )


def _offsets(
    rows: Numbers, columns: Numbers, centre: tuple[float, float], pixel: tuple[float, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Distance from the sun's centre to the right and upwards, units of the smaller side of a px."""
    return np.asarray((columns - centre[0]) * pixel[0]), np.asarray((rows - centre[1]) * pixel[1])


def around(
    rows: NDArray[np.integer],
    columns: NDArray[np.integer],
    centre: tuple[float, float],
    room: float,
    pixel: tuple[float, float] = (1.0, 1.0),
    side: int | None = None,
    multiple: int = STEP,
) -> Window:
    """The window about some pixels of a frame.

    Parameters
    ----------
    rows, columns : ndarray of int
        Pixels that it shall show.
    centre : tuple of float
        Sun centre (column, row), px.
    room : float
        Largest share of the side of the largest window that they may take; larger ones are shown smaller.
    pixel : tuple of float
        Width and height of a px of the frame, over the smaller of the two; see `pixel_shape`.
    side : int, optional
        Side of the window, px; by default the least that leaves as much around the pixels as the largest window leaves
        around the largest pixels that are not shown smaller.
    multiple : int
        Of which the network wants the side, px.

    Returns
    -------
    Window
    """
    x, y = _offsets(rows, columns, centre, pixel)
    logs, angles = np.log(np.maximum(np.hypot(x, y), NEAREST)), np.arctan2(y, x)
    angle = float(np.arctan2(np.sin(angles).mean(), np.cos(angles).mean()))
    turns = (angles - angle + np.pi) % (2 * np.pi) - np.pi
    radius = float(np.exp((logs.min() + logs.max()) / 2))
    extent = radius * max(float(np.ptp(logs)), 2 * float(np.abs(turns).max()))
    scale = max(1.0, extent / (room * (side or SIDE)))
    wanted = extent / scale + (1 - room) * SIDE
    step = int(np.lcm(STEP, multiple))
    least = int(np.ceil(min(wanted, SIDE) / step)) * step
    return Window(centre, radius, angle, scale, side=side or least, pixel=pixel)


def pixel_shape(shape: tuple[int, ...]) -> tuple[float, float]:
    """Width and height of a px of a full frame of this shape, over the smaller of the two; (1, 1) for square sums."""
    finer = max(shape)
    return finer / shape[1], finer / shape[0]


@dataclass(frozen=True, eq=False)
class Sampler:
    """Takes the pixels of one window from images of one shape: the nearest one each.

    Attributes
    ----------
    index : ndarray of int32, shape (side, side)
        Place in the flattened image.
    inside : ndarray of bool, shape (side, side)
        False outside of the frame.
    """

    index: NDArray[np.int32]
    inside: NDArray[np.bool_]

    def mask(self, image: NDArray[np.bool_]) -> NDArray[np.bool_]:
        """A mask in the window; False outside of the frame."""
        return np.asarray(image.ravel()[self.index] & self.inside)

    def values(self, image: NDArray[np.floating], known: NDArray[np.bool_]) -> NDArray[np.float32]:
        """An image in the window; 0 where `known`, a mask in the window, is False."""
        return np.where(known, image.ravel()[self.index], 0).astype(np.float32)


def sampler(window: Window, shape: tuple[int, int]) -> Sampler:
    """Find the nearest pixel of a frame for every pixel of a window."""
    # Near the sun's centre the far end of a window lies farther out than an integer can say.
    rows, columns = (
        np.rint(place.clip(-1, size)).astype(np.int32) for place, size in zip(window.pixels(), shape, strict=True)
    )
    inside = (rows >= 0) & (rows < shape[0]) & (columns >= 0) & (columns < shape[1])
    return Sampler(np.where(inside, rows * shape[1] + columns, 0), inside)


def read(image: NDArray[np.floating], rows: NDArray[np.floating], columns: NDArray[np.floating]) -> NDArray[np.float64]:
    """Bilinear values of a window at fractions of its pixels; at its rim where they lie outside."""
    high, wide = image.shape
    rows, columns = np.clip(rows, 0, high - 1.001), np.clip(columns, 0, wide - 1.001)
    top, left = rows.astype(np.int64), columns.astype(np.int64)
    down, right = rows - top, columns - left
    upper = image[top, left] * (1 - right) + image[top, left + 1] * right
    lower = image[top + 1, left] * (1 - right) + image[top + 1, left + 1] * right
    return np.asarray(upper * (1 - down) + lower * down)
