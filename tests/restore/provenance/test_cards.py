"""Cards about fills."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.nominal import pixel_response
from corinpaint.restore.decision import ZoneRecord
from corinpaint.restore.provenance.cards import fill_cards


def _values(*arguments):
    return {name: value for name, value, _ in fill_cards(*arguments)}


def test_a_product_without_a_network_says_so():
    assert _values("harmonic", "solarsoft", None, "none", (), None, "C2") == {
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
    found = _values("network", "predicted", 1.5, "auto", (zone, zone), log_polar_echo.info, "C2")
    assert (found["FILLPOL"], found["MAXERR"]) == ("predicted", 1.5)
    assert (found["CTXASKED"], found["CONTEXT"]) == ("auto", "32082036 32082038")
    assert (found["WEIGHTS"], found["NETVER"]) == (log_polar_echo.info.sha256, "0")


def test_the_response_of_the_pixels_is_named_where_the_fills_show_it(log_polar_echo):
    domains = {"sequence": pixel_response.file("C3").sha256, "sequence-levels": pixel_response.file("C3").sha256}
    for domain, expected in {**domains, "noise": "none", "equalised": "none"}.items():
        info = replace(log_polar_echo.info, domain=domain)
        assert _values("network", "solarsoft", None, "none", (), info, "C3")["PIXRESP"] == expected
