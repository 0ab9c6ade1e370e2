"""Room of the client: `Client` has frames restored by an endpoint; `protocol` is what both sides share."""

from __future__ import annotations

from typing import TYPE_CHECKING

import lazy_loader

if TYPE_CHECKING:
    from corinpaint.client.answer import Answer
    from corinpaint.client.client import Client
    from corinpaint.client.request import Request

__all__ = ["Answer", "Client", "Request"]

__getattr__, __dir__, _ = lazy_loader.attach(
    __name__, submod_attrs={"answer": ["Answer"], "client": ["Client"], "request": ["Request"]}
)
