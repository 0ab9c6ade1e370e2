"""Mass of a CME recovered: what base differences show in the regions of the holes, of the truth and of the fill.

As `corinpaint.lasco.electrons.mass` measures it, with all electrons in the plane of the sky. The base is the first
frame of the sequence, complete.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from corinpaint.evaluate.benchmark import HoledFrame, Row
from corinpaint.evaluate.measures.sequences import FilledFrame
from corinpaint.evaluate.summary import column, filled_by_all, groups
from corinpaint.lasco.electrons.mass import grams_per_brightness
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level1.calibrate import make_product
from corinpaint.lasco.level1.differences import subtract
from corinpaint.lasco.level1.product import Level1, Level1File


def measure(frames: Sequence[FilledFrame]) -> list[Row]:
    """Masses in the regions of the holes, relative to the first frame of a sequence.

    Parameters
    ----------
    frames : sequence of FilledFrame
        Of one sequence, by time; all but the first are measured.

    Returns
    -------
    list of dict
        A row for each method, hole and frame: the labels of the frame, hole, method, "base" (number of the first
        frame), "mass_truth" and "mass_fill", g. The sums are over the pixels of the product that the hole and the
        pixels beside it make up.
    """
    rows: list[Row] = []
    if len(frames) < 2:
        return rows
    base = make_product(frames[0].holed.complete)
    for frame in frames[1:]:
        holed = frame.holed
        truth, regions = make_product(holed.complete), _regions(holed)
        difference = subtract(_as_file(truth), _as_file(base), "base", (truth.filename, base.filename))
        grams = grams_per_brightness(difference.header, truth.data.shape)
        known = np.isfinite(difference.data) & np.isfinite(grams)
        for name, brightness in frame.fills.items():
            filled = make_product(replace(holed.complete, brightness=brightness))
            # The base is the same, so the difference of the products is that of the base differences.
            off = filled.data.astype(np.float64) - truth.data
            for number in range(len(holed.holes)):
                inside = known & (regions == number + 1)
                mass = float(grams[inside] @ difference.data[inside])
                row = {**holed.labels, "hole": f"{holed.size}-{number}", "method": name}
                row["base"] = frames[0].holed.frame.number
                rows.append(row | {"mass_truth": mass, "mass_fill": mass + float(grams[inside] @ off[inside])})
    return rows


def lines(rows: Sequence[Row]) -> list[dict[str, str]]:
    """Sums over the holes, for each telescope, kind of frame, size and method.

    Parameters
    ----------
    rows : sequence of dict
        As `measure` gives them; holes that a method does not fill are left out.

    Returns
    -------
    list of dict
        "mass_truth": mean mass of a hole, g. "recovered": sum of the fills' masses over that of the truth's, of the
        holes with more mass than the base. "mass_error": rms error of a hole's mass over the rms mass, of all holes.
    """
    found = []
    for keys, chosen in groups(filled_by_all(rows, "mass_fill"), "telescope", "kind", "size", "method"):
        truth, fill = column(chosen, "mass_truth"), column(chosen, "mass_fill")
        line = keys | {"holes": str(truth.size)}
        gained = truth > 0
        line["mass_truth"] = f"{truth.mean():.3g}"
        line["recovered"] = f"{fill[gained].sum() / truth[gained].sum():.3f}" if gained.any() else "nan"
        scale = float(np.sqrt(np.mean(truth**2)))
        line["mass_error"] = f"{np.sqrt(np.mean((fill - truth) ** 2)) / scale:.3f}" if scale > 0 else "nan"
        found.append(line)
    return found


def _regions(holed: HoledFrame) -> NDArray[np.int64]:
    """Number of the hole, from 1, that a pixel of the product belongs to; 0 elsewhere; shape (H, W).

    A hole's pixels on the detector and those beside them have its number, which the interpolation leaves as it is where
    all that it mixes has it.
    """
    numbers = np.zeros(holed.complete.shape, dtype=np.float32)
    for number, hole in enumerate(holed.holes):
        numbers[ndimage.binary_dilation(blocks.to_pixels(hole), np.ones((3, 3), dtype=bool))] = number + 1
    data = make_product(replace(holed.complete, brightness=numbers)).data
    whole = np.rint(np.nan_to_num(data, nan=0.0))
    return np.where(np.abs(data - whole) < 1e-3, whole, 0).astype(np.int64)


def _as_file(product: Level1) -> Level1File:
    data = product.data.astype(np.float64)
    return Level1File(data, np.isnan(data), product.header, product.mask, product.uncertainty, product.noise)
