"""CorInpaint calibrates SOHO/LASCO C2 and C3 frames to Level 1 and fills their missing telemetry blocks.

>>> import corinpaint
>>> restored = corinpaint.restore("32082037.fts.gz")
>>> restored.level1.data  # float32 (1024, 1024), mean solar brightness, row 0 at the bottom
>>> restored.level1.mask  # uint8 flags: which pixels are observed, filled, refused

`read_frame` reads a Level 0.5 file, `calibrate` takes it to Level 1 and leaves missing blocks empty, `restore` fills
them too, and a `Client` has an endpoint do so. `read_level1` reads what was written. Each is imported when it is asked
for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

from corinpaint._moved import install
from corinpaint.lasco.version import __version__

if TYPE_CHECKING:
    from corinpaint.client.client import Client
    from corinpaint.lasco.level05.frame import read_frame
    from corinpaint.lasco.level1.calibrate import calibrate
    from corinpaint.lasco.level1.product import read_level1
    from corinpaint.restore.pipeline import restore

install()

__all__ = ["Client", "__version__", "calibrate", "read_frame", "read_level1", "restore"]

# `restore` is a room and, when it is called, the room's function: see corinpaint.restore.
__getattr__, _, _ = lazy_loader.attach(
    __name__,
    submodules={"restore"},
    submod_attrs={"client": ["Client"], "lasco": ["calibrate", "read_frame", "read_level1"]},
)


def __dir__() -> list[str]:
    return __all__
