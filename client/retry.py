"""How often a client attempts a request, under the name that it has here: see `corinpaint.lasco.retries`."""

from __future__ import annotations

from corinpaint.lasco.retries import RetryPolicy

__all__ = ["Patience", "RetryPolicy"]

Patience = RetryPolicy
"""Name of `RetryPolicy` in earlier versions; deprecated."""
