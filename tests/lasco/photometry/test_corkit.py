"""Bias and calibration factor from CorKit, with headers as SolarSoft compares them, without torch."""

from __future__ import annotations

import subprocess
import sys

import numpy as np
import pytest

from corinpaint.lasco.errors import UnsupportedFrameError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry import corkit


@pytest.mark.parametrize(
    ("filter_", "polar", "expected"),
    [
        ("Clear", "Clear", (7.43e-8 * 2282 + 5.96e-3) * 1e-10),
        ("Orange", "Clear", 0.0297e-10),
        ("Clear", "-60 Deg", (7.43e-8 * 2282 + 5.96e-3) / 0.25256 * 1.0235 * 1e-10),
    ],
)
def test_calfactor_is_solarsofts_also_through_a_polariser_with_blanks(make_frame, filter_, polar, expected):
    frame = read_frame(make_frame(FILTER=filter_, POLAR=polar))
    assert corkit.calfactor(frame) == pytest.approx(expected, abs=0, rel=1e-9)


def test_sums_are_divided_out_of_the_factor(make_frame):
    whole = corkit.calfactor(read_frame(make_frame()))
    counts = np.full((256, 256), 6000, np.int16)
    summed = read_frame(make_frame(counts, SUMCOL=2, SUMROW=2, LEBXSUM=2, LEBYSUM=2))
    assert corkit.calfactor(summed) == pytest.approx(whole / 16, abs=0, rel=1e-9)


def test_corkits_factor_needs_no_torch():
    program = (
        "import sys\n"
        "from corinpaint.lasco.photometry import corkit\n"
        "corkit._corkit_calfactor('C3'); corkit._corkit_calfactor('C2')\n"
        "assert 'torch' not in sys.modules and 'corkit.lasco' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_a_filter_without_a_factor_is_refused_by_name(make_frame):
    with pytest.raises(UnsupportedFrameError, match="FILTER = 'MOON' with POLAR = 'CLEAR'"):
        corkit.calfactor(read_frame(make_frame(FILTER="Moon")))
