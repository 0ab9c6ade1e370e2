"""Cards about fills."""

from __future__ import annotations

import numpy as np

from corinpaint.lasco.level05 import blocks
from corinpaint.restore.decision import ZoneRecord
from corinpaint.restore.provenance.cards import fill_cards


def _values(*arguments):
    return {name: value for name, value, _ in fill_cards(*arguments)}


def test_a_product_without_a_network_says_so():
    assert _values("harmonic", "solarsoft", None, "none", (), None) == {
        "FILL": "harmonic",
        "FILLPOL": "solarsoft",
        "MAXERR": "none",
        "CTXASKED": "none",
        "CONTEXT": "none",
        "WEIGHTS": "none",
    }


def test_limit_context_and_weights_are_named(log_polar_echo):
    missing = np.zeros((32, 32), dtype=bool)
    missing[20, 20] = True
    zone = ZoneRecord(blocks.zones(missing)[0], method="network", context=("32082036", "32082038"))
    found = _values("network", "predicted", 1.5, "auto", (zone, zone), log_polar_echo.info)
    assert (found["FILLPOL"], found["MAXERR"]) == ("predicted", 1.5)
    assert (found["CTXASKED"], found["CONTEXT"]) == ("auto", "32082036 32082038")
    assert (found["WEIGHTS"], found["NETVER"]) == (log_polar_echo.info.sha256, "0")
