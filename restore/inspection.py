"""What a frame holds and what would be filled, without running the network."""

from __future__ import annotations

import os
from typing import Any

import numpy as np

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet
from corinpaint.restore.decision import decide

DEPRECATED = {"lost": "missing", "turned": "upside_down"}
"""Names of 0.1.0 that are kept in this version, and the names that replace them."""


def inspect(path: str | os.PathLike[str], calibration: CalibrationSet) -> dict[str, Any]:
    """Describe a Level 0.5 file.

    Parameters
    ----------
    path : str or os.PathLike
    calibration : CalibrationSet

    Returns
    -------
    dict
        Plain values: instrument, times, exposure, block counts, MISSLIST, zones and whether each can be filled.

    Raises
    ------
    FrameError
        When the file is not a frame that can be calibrated.
    """
    frame = read_frame(path)
    observed = calibrate_on_detector(frame, calibration)
    factor, bias, source = observed.exposure[:3]
    records = decide(observed.missing_in_field, observed.field, observed.observed)
    found: dict[str, Any] = {
        "name": frame.name,
        "telescope": f"SOHO LASCO {frame.detector}, {frame.filter}/{frame.polar}",
        "date_obs": frame.date.isot,
        "size_px": f"{frame.data.shape[1]} x {frame.data.shape[0]}, {frame.sums.x} x {frame.sums.y} summed"
        + (f", subfield {tuple(frame.subfield)}" if frame.subfield else ""),
        "exposure_s": frame.exptime * factor,
        "bias_dn": bias,
        "bias_source": source,
        "calibration": calibration.kind,
        "upside_down": observed.pointing.upside_down,
        "roll_deg": observed.pointing.roll,
        "pointing": observed.pointing.source,
        "warnings": list(observed.warnings),
        "never_sent": int((blocks.block_means(observed.unsent) == 1).sum()),
        "missing": int(observed.missing.sum()),
        "misslist": blocks.format_misslist(observed.missing),
        "saturated_px": int(np.count_nonzero(observed.saturated)),
        "zones": [
            {
                "zone": record.zone.number,
                "blocks": [int(n) for n in np.flatnonzero(record.zone.missing)],
                "decision": (fate := f"refused: {record.refused}" if record.refused else "can be filled"),
                "verdict": fate,  # deprecated name of "decision"
            }
            for record in records
        ],
    }
    return found | {old: found[new] for old, new in DEPRECATED.items()}
