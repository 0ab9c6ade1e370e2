"""Room of the one path from frame to product: `restore` takes it here, `Client` has an endpoint take it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from corinpaint.restore.backends import OnnxInpainter
    from corinpaint.restore.client import Client
    from corinpaint.restore.client_answer import Answer
    from corinpaint.restore.client_request import Request
    from corinpaint.restore.pipeline import Restored, restore

_WHERE = {
    "Answer": "client_answer",
    "Client": "client",
    "OnnxInpainter": "backends",
    "Request": "client_request",
    "Restored": "pipeline",
    "restore": "pipeline",
}

__all__ = ["Answer", "Client", "OnnxInpainter", "Request", "Restored", "restore"]


def __getattr__(name: str) -> Any:
    """Import a public name when it is asked for, so that the room itself costs nothing."""
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    import importlib

    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
