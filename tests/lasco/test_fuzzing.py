"""Whatever the bytes are: a frame or an error that says what is wrong, nothing else, in a moment.

The same mutations as in ``benchmarks/fuzz_fits.py``, which goes on for as long as one likes; what it found is kept in
``tests/data/fuzz`` and tried here.
"""

from __future__ import annotations

import re
import time
from pathlib import Path

import hostile
import level05
import mutations
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from corinpaint.lasco import calibrate, read_frame
from corinpaint.lasco.errors import CorInpaintError, FrameError
from corinpaint.lasco.level05.frame import Frame
from corinpaint.restore.pipeline import restore

FOUND = sorted((Path(__file__).resolve().parents[1] / "data" / "fuzz").glob("*"))
"""Inputs that once broke something; the name says what."""

GOOD = {
    "C3": level05.small_frame(),
    "C2": level05.small_frame(DETECTOR="C2", FILTER="Orange"),
    "polarised": level05.small_frame(POLAR="-60 Deg"),
    "monthly": level05.small_frame(FILEORIG="0"),
    "floats": level05.frame_bytes(np.full((32, 32), 9000, np.float32), LEBXSUM=32, LEBYSUM=32),
}

SLOW = 2
"""Seconds of work that no input may take; 0.01 is usual."""

pytestmark = pytest.mark.slow

FUZZ = settings(
    max_examples=150, derandomize=True, deadline=None, database=None, suppress_health_check=list(HealthCheck)
)

NAMES = st.sampled_from(sorted(GOOD))


def survives(raw: bytes) -> Frame | None:
    """Read and calibrate an input as far as possible; any exception but a CorInpaintError is raised."""
    start = time.thread_time()
    frame, refusal = None, None
    try:
        frame = read_frame(raw, name="odd.fts")
        product, restored = calibrate(frame), restore(frame, fill="none").level1
        assert np.array_equal(product.data, restored.data, equal_nan=True)
        assert restored.to_bytes().startswith(b"SIMPLE")
    except CorInpaintError as error:
        refusal = error
    if refusal is not None:
        assert re.match(r"odd\.fts: .+; \w+", str(refusal), re.DOTALL), refusal
        assert frame is not None or isinstance(refusal, FrameError)
    assert time.thread_time() - start < SLOW
    return frame


@pytest.mark.parametrize("name", GOOD)
def test_the_seeds_of_the_fuzzing_are_valid(name):
    assert survives(GOOD[name]) is not None


@pytest.mark.parametrize("path", FOUND, ids=lambda path: path.name)
def test_inputs_of_earlier_failures_are_handled(path):
    survives(path.read_bytes())


@FUZZ
@given(name=NAMES, rng=st.randoms(use_true_random=False))
def test_any_change_of_cards_pixels_length_and_packing_gives_a_frame_or_an_error(name, rng):
    survives(mutations.mutate(GOOD[name], rng))


@FUZZ
@given(
    name=NAMES,
    keyword=st.sampled_from(mutations.KEYWORDS),
    value=st.sampled_from(mutations.NUMBERS + mutations.OTHERS),
    instead=st.booleans(),
)
def test_any_value_of_any_keyword_gives_a_frame_or_an_error(name, keyword, value, instead):
    cards, rest = hostile.split(GOOD[name])
    kept = [card for card in cards if not instead or card[:8].rstrip() != keyword]
    survives(hostile.join([*kept, keyword.ljust(8) + b"= " + value], rest))


@FUZZ
@given(name=NAMES, at=st.integers(0, 4000), new=st.binary(max_size=120), cut=st.integers(0, 200))
def test_any_bytes_in_any_place_give_a_frame_or_an_error(name, at, new, cut):
    survives(GOOD[name][:at] + new + GOOD[name][at + cut :])


@FUZZ
@given(name=NAMES, flips=st.lists(st.tuples(st.integers(0, 7000), st.integers(1, 255)), max_size=8))
def test_flipped_bits_give_a_frame_or_an_error(name, flips):
    raw = bytearray(GOOD[name])
    for at, bits in flips:
        raw[at % len(raw)] ^= bits
    survives(bytes(raw))


@FUZZ
@given(head=NAMES, tail=NAMES, here=st.integers(0, 8000), there=st.integers(0, 8000))
def test_the_head_of_one_frame_with_the_tail_of_another_gives_a_frame_or_an_error(head, tail, here, there):
    survives(GOOD[head][:here] + GOOD[tail][there:])


@FUZZ
@given(raw=st.binary(max_size=400), card=st.binary(max_size=70))
def test_random_bytes_give_an_error(raw, card):
    assert survives(raw) is None
    assert survives(b"SIMPLE  =                    T".ljust(80) + card.ljust(80) + raw) is None


@FUZZ
@given(bits=st.integers(0, 2**64 - 1), double=st.booleans())
def test_any_bits_of_a_float_give_a_frame_or_an_error(bits, double):
    raw = hostile.pixel(bits if double else bits >> 32, ">f8" if double else ">f4")(GOOD["C3"])
    frame = survives(raw)
    assert frame is None or np.isfinite(frame.data).all()
