"""What was done to a frame, as plain values for JSON."""

from __future__ import annotations

import re
from typing import Any

import numpy as np

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level1 import product
from corinpaint.lasco.version import __version__
from corinpaint.restore.pipeline import Restored


def report(restored: Restored) -> dict[str, Any]:
    """Describe a restored frame.

    Parameters
    ----------
    restored : Restored

    Returns
    -------
    dict
        File names, times, calibration, weights, statistics in MSB, zones with their block numbers (row * 32 + column
        from the bottom left), pixel counts per flag.
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
        "weights": weights,
        "calibration": {
            "kind": header["CALIB"],
            "left_out": [] if header["CALOPT"] == "none" else header["CALOPT"].split(),
            "files": [{"name": header[f"CALF{i}"], "sha256": header[f"CALH{i}"]} for i in _numbered(header)],
        },
        "blocks": {
            "lost": _numbers(restored.lost),
            "filled": _numbers(restored.filled),
            "misslist": blocks.format_misslist(restored.lost),
        },
        "zones": [
            {
                "zone": v.zone.number,
                "blocks": _numbers(v.zone.missing),
                "filled": not v.refused,
                "method": v.method,
                "measured_error": v.error,
                "reason": v.refused,
            }
            for v in restored.zones
        ],
        "pixels": {
            flag.meaning: int(np.count_nonzero(product.flagged(restored.level1.mask, flag))) for flag in product.Flag
        },
        "statistics": statistics,
    }


def _numbered(header: Any) -> list[int]:
    return [int(key[4:]) for key in header if re.fullmatch(r"CALF\d+", key)]


def _numbers(block_map: blocks.Blocks) -> list[int]:
    return [int(n) for n in np.flatnonzero(block_map)]
