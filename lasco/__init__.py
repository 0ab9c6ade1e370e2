"""Room of the instrument: `calibrate` takes a Level 0.5 frame to Level 1."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corinpaint.lasco.assets import load_assets
    from corinpaint.lasco.frame import read_frame
    from corinpaint.lasco.level1 import Level1, read_level1
    from corinpaint.lasco.options import Options
    from corinpaint.lasco.reduction import calibrate

_WHERE = {
    "Level1": "level1",
    "Options": "options",
    "calibrate": "reduction",
    "load_assets": "assets",
    "read_frame": "frame",
    "read_level1": "level1",
}

__all__ = ["Level1", "Options", "calibrate", "load_assets", "read_frame", "read_level1"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for: the version, say, must not cost an import of astropy."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
