"""Modules that moved since 0.1.0: their old names still import in this version, with a warning."""

from __future__ import annotations

import importlib
import sys
import warnings
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from types import ModuleType

MOVED = {
    "corinpaint.lasco.assets": "corinpaint.lasco.photometry.optics",
    "corinpaint.lasco.frame": "corinpaint.lasco.level05.frame",
    "corinpaint.lasco.simulate": "corinpaint.lasco.simulation.scene",
    "corinpaint.restore.stubs": "corinpaint.client.stubs",
}


class _Loader(Loader):
    """Gives the module of the new name under the old one."""

    def create_module(self, spec: ModuleSpec) -> ModuleType:
        module = importlib.import_module(MOVED[spec.name])
        self._own = module.__spec__
        return module

    def exec_module(self, module: ModuleType) -> None:
        """Nothing but to give the module its own description back: it was executed under its new name."""
        module.__spec__ = self._own


class _Finder(MetaPathFinder):
    def find_spec(
        self,
        fullname: str,
        path: Sequence[str] | None = None,  # noqa: ARG002
        target: ModuleType | None = None,  # noqa: ARG002
    ) -> ModuleSpec | None:
        if fullname not in MOVED:
            return None
        warnings.warn(
            f"{fullname} is now {MOVED[fullname]}; the old name goes with the next version", DeprecationWarning, 2
        )
        return ModuleSpec(fullname, _Loader())


def install() -> None:
    """Look the old names up after everything else; once per process."""
    if not any(isinstance(finder, _Finder) for finder in sys.meta_path):
        sys.meta_path.append(_Finder())
