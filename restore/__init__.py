"""Room of the one path from frame to product: find the missing blocks, decide, fill, put back.

The room can be called: ``corinpaint.restore(frame)`` is `corinpaint.restore.pipeline.restore`.
"""

from __future__ import annotations

import sys
from types import ModuleType
from typing import TYPE_CHECKING, Any

import lazy_loader

if TYPE_CHECKING:
    from corinpaint.restore.engines.base import Inpainter
    from corinpaint.restore.engines.loading import load
    from corinpaint.restore.engines.onnx import OnnxInpainter
    from corinpaint.restore.pipeline import Restored, restore

__all__ = ["Inpainter", "OnnxInpainter", "Restored", "load", "restore"]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "engines.base": ["Inpainter"],
        "engines.loading": ["load"],
        "engines.onnx": ["OnnxInpainter"],
        "pipeline": ["Restored", "restore"],
    },
)


class _Room(ModuleType):
    """A module that can be called, since importing the room binds the name that users call in `corinpaint`."""

    def __call__(self, *arguments: Any, **options: Any) -> Restored:
        """Calibrate a frame and fill its missing blocks; see `corinpaint.restore.pipeline.restore`."""
        from corinpaint.restore.pipeline import restore

        return restore(*arguments, **options)


sys.modules[__name__].__class__ = _Room
