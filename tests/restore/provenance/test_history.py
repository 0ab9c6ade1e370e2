"""What HISTORY says of fills."""

from __future__ import annotations

import textwrap
from dataclasses import replace

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.notebook.history import HISTORY_WIDTH, zones
from corinpaint.restore.decision import ZoneRecord
from corinpaint.restore.provenance.history import history_lines


@pytest.fixture
def record() -> ZoneRecord:
    missing = np.zeros((32, 32), dtype=bool)
    missing[20, 20:22] = True
    return ZoneRecord(blocks.zones(missing)[0])


def test_a_filled_zone_has_measured_and_predicted_error_and_the_sum_of_its_fill(record, log_polar_echo):
    filled = replace(record, method="network", error=1.102, predicted=1.204, context=("32082036",))
    filled = replace(filled, total=1.5e-6, total_error=2e-9, pixels=2048)
    network, line = history_lines([filled], log_polar_echo.info, "MSB")
    assert network.startswith("Missing blocks filled by the partial-convolution network, weights 000000000000")
    assert line == (
        "Zone 1, 2 missing blocks: filled by network, measured error 1.10 x noise, predicted error 1.20 x noise, "
        "context 32082036, 2048 px on the detector sum to 1.5e-06 +- 2e-09 MSB"
    )


def test_a_refused_zone_has_the_reason_and_a_network_that_filled_nothing_is_not_said_to_have(record, log_polar_echo):
    refused = replace(record, predicted=2.0).refuse("a predicted error of 2.00 x noise, more than 1.5")
    assert history_lines([refused], log_polar_echo.info, "MSB") == [
        "Zone 1, 2 missing blocks: refused: a predicted error of 2.00 x noise, more than 1.5"
    ]


def test_what_was_written_is_read_back(record, log_polar_echo):
    filled = replace(record, method="network", error=1.1, predicted=1.2, context=("32082036",))
    header = fits.Header()
    for line in ("CorInpaint 0: Level 0.5 file a", *history_lines([filled], log_polar_echo.info, "MSB")):
        for part in textwrap.wrap(line, HISTORY_WIDTH):
            header["HISTORY"] = part
    (found,) = zones(header)
    assert (found.method, found.error, found.predicted, found.context) == ("network", 1.1, 1.2, ("32082036",))
