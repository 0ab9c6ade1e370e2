"""Flicker: how much the error of a fill changes from frame to frame of a sequence, which a movie shows."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from corinpaint.evaluate.benchmark import Row
from corinpaint.evaluate.measures.sequences import FilledFrame
from corinpaint.evaluate.summary import bootstrap, column, filled_by_all, groups
from corinpaint.lasco.level05 import blocks

Image = NDArray[np.float64]


def measure(frames: Sequence[FilledFrame]) -> list[Row]:
    """Compare each frame of a sequence with the one before it.

    Parameters
    ----------
    frames : sequence of FilledFrame
        Of one sequence, by time.

    Returns
    -------
    list of dict
        A row for each method, hole and pair of frames: the labels of the later frame, hole, method, "before" (number of
        the earlier one), and the figures of `flicker`.
    """
    rows: list[Row] = []
    for before, now in pairwise(frames):
        for name in now.fills:
            errors = _error(before, name), _error(now, name)
            for number, hole in enumerate(now.holed.holes):
                row = {**now.holed.labels, "hole": f"{now.holed.size}-{number}", "method": name}
                row["before"] = before.holed.frame.number
                rows.append(row | flicker(*errors, hole))
    return rows


def flicker(before: tuple[Image, Image], now: tuple[Image, Image], hole: blocks.Blocks) -> Row:
    """Change of the error of one hole.

    Parameters
    ----------
    before, now : (ndarray, ndarray), each of shape (H, W)
        Error of the fill and noise of the truth in two frames; NaN where one has no truth.
    hole : ndarray of bool, shape (H / 32, W / 32)

    Returns
    -------
    dict
        "flicker": rms of the change over the rms noise of the difference of two frames, 1 for a perfect fill, since the
        truth holds its noise. "flicker_blocks": rms over the blocks of the change of the mean error of a block, over
        the same noise: what the eye sees; noise alone gives 1/32.
    """
    change, noise = now[0] - before[0], np.hypot(now[1], before[1])
    values, sigmas = (blocks.block_pixels(image, hole).reshape(int(hole.sum()), -1) for image in (change, noise))
    kept = np.isfinite(sigmas)  # pixels that have a truth in both frames
    level = float(np.sqrt(np.mean(sigmas[kept] ** 2)))
    means = [float(one[known].mean()) for one, known in zip(values, kept, strict=True) if known.any()]
    return {
        "flicker": float(np.sqrt(np.mean(values[kept] ** 2))) / level,
        "flicker_blocks": float(np.sqrt(np.mean(np.square(means)))) / level,
    }


def lines(rows: Sequence[Row], draws: int, seed: int) -> list[dict[str, str]]:
    """Medians over holes that all methods fill in both frames, by telescope, kind of frame, size and method."""
    found = []
    for keys, chosen in groups(filled_by_all(rows, "flicker"), "telescope", "kind", "size", "method"):
        frames = [str(row["frame"]) for row in chosen]
        line = keys | {"holes": str(len(chosen))}
        for name in ("flicker", "flicker_blocks"):
            line[name] = str(bootstrap(column(chosen, name), frames, draws, seed))
        found.append(line)
    return found


def _error(frame: FilledFrame, name: str) -> tuple[Image, Image]:
    complete = frame.holed.complete
    noise = np.where(complete.observed, np.sqrt(complete.variance.astype(np.float64)), np.nan)
    return frame.fills[name].astype(np.float64) - complete.brightness, noise
