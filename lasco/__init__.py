"""The instrument: reading, simulating and calibrating SOHO/LASCO frames; `calibrate` takes Level 0.5 to Level 1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from corinpaint.lasco.level05.frame import read_frame
    from corinpaint.lasco.level1.calibrate import calibrate
    from corinpaint.lasco.level1.product import Level1, read_level1
    from corinpaint.lasco.options import Options
    from corinpaint.lasco.photometry.optics import load_calibration_set

__all__ = ["Level1", "Options", "calibrate", "load_calibration_set", "read_frame", "read_level1"]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "level05.frame": ["read_frame"],
        "level1.calibrate": ["calibrate"],
        "level1.product": ["Level1", "read_level1"],
        "options": ["Options"],
        "photometry.optics": ["load_calibration_set"],
    },
)
