"""What was done to a frame, as plain values for JSON."""

from __future__ import annotations

import re
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level1 import product
from corinpaint.lasco.version import __version__
from corinpaint.restore.pipeline import Restored

DEPRECATED_COUNTS = {
    "lost and filled": product.Flag.FILLED,
    "never sent, or outside of the frame": product.Flag.NEVER_SENT,
    "occulted (occulter, pylon, field edge)": product.Flag.OCCULTED,
    "saturated": product.Flag.SATURATED,
    "lost and refused (not filled)": product.Flag.REFUSED,
}
"""Names that 0.1.0 gave the pixel counts."""


def report(restored: Restored) -> dict[str, Any]:
    """Describe a restored frame.

    Parameters
    ----------
    restored : Restored

    Returns
    -------
    dict
        File names, times, calibration, weights, statistics in MSB, counts of blocks, zones with their block numbers
        (row * blocks in a row + column, from the bottom left), pixel counts by flag. The same frame gives the same
        report. Names of 0.1.0 are kept beside the new ones in this version.
    """
    header = restored.level1.header
    statistics = {key: header[key] for key in header if key.startswith("DATA")}
    model = restored.model
    weights = model and {"sha256": model.sha256, "engine": model.engine, "version": model.version}
    return {
        "product": restored.level1.filename,
        "source": str(restored.frame.header.get("FILENAME") or restored.frame.name),
        "date_obs": str(header["DATE-OBS"]),
        "corinpaint": __version__,
        "fill": restored.fill,
        "policy": header["FILLPOL"],
        "warnings": list(restored.level1.warnings),
        "weights": weights,
        "calibration": {
            "kind": header["CALIB"],
            "left_out": [] if header["CALOPT"] == "none" else header["CALOPT"].split(),
            "files": [{"name": header[f"CALF{i}"], "sha256": header[f"CALH{i}"]} for i in _numbered(header)],
        },
        "counts": asdict(restored.counts),
        "blocks": {
            "missing": _numbers(restored.missing),
            "filled": _numbers(restored.filled),
            "misslist": blocks.format_misslist(restored.missing),
            "lost": _numbers(restored.missing),  # deprecated name of "missing"
        },
        "zones": [
            {
                "zone": record.zone.number,
                "blocks": _numbers(record.zone.missing),
                "filled": not record.refused,
                "method": record.method,
                "context": list(record.context),
                "measured_error": record.error,
                "predicted_error": record.predicted,
                "sum": record.total,
                "sum_error": record.total_error,
                "sum_pixels": record.pixels,
                "reason": record.refused,
            }
            for record in restored.zones
        ],
        "pixels": _pixels(restored.level1.mask),
        "statistics": statistics,
    }


def _pixels(mask: NDArray[np.uint8]) -> dict[str, int]:
    """How many pixels carry each flag, by its name and, deprecated, by that of 0.1.0."""
    number = {flag: int(np.count_nonzero(product.flagged(mask, flag))) for flag in product.Flag}
    names = {str(flag.name).lower(): count for flag, count in number.items()}
    return names | {name: number[flag] for name, flag in DEPRECATED_COUNTS.items()}


def _numbered(header: Any) -> list[int]:
    return [int(key[4:]) for key in header if re.fullmatch(r"CALF\d+", key)]


def _numbers(block_map: blocks.Blocks) -> list[int]:
    return [int(n) for n in np.flatnonzero(block_map)]
