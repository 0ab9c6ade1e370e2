"""Flags of the MASK extension."""

from __future__ import annotations

import numpy as np

from corinpaint.lasco.level1.flags import Flag, flagged, set_flag


def test_every_flag_has_a_bit_and_a_meaning_of_its_own():
    assert [flag.value for flag in Flag] == [1, 2, 4, 8, 16, 32]
    assert len({flag.meaning for flag in Flag}) == len(Flag)


def test_flags_add_up_in_a_pixel_and_are_found_one_by_one():
    mask = np.zeros((2, 2), np.uint8)
    first = np.array([[True, False], [False, False]])
    set_flag(mask, first, Flag.FILLED)
    set_flag(mask, first, Flag.SATURATED)
    assert mask[0, 0] == 9
    assert np.array_equal(flagged(mask, Flag.SATURATED), first)
    assert not flagged(mask, Flag.REFUSED).any()
    assert np.array_equal(flagged(mask, Flag.REFUSED | Flag.FILLED), first)


def test_the_product_module_gives_the_same_objects():
    from corinpaint.lasco.level1 import product

    assert product.Flag is Flag
    assert product.flagged is flagged
