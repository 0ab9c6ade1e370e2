"""Full precision inside mixed precision, and only inside the block."""

import torch

from corinpaint.model.precision import full_precision

ONES = torch.ones(1, 257)
"""Their sum is one more than the largest integer up to which bfloat16 is exact."""


def total():
    return ONES @ ONES.T


def test_sums_are_exact_where_half_precision_would_round_them():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        rounded = total()
        with full_precision(ONES):
            exact = total()

    assert rounded.dtype == torch.bfloat16
    assert rounded.float() != 257
    assert exact.dtype == torch.float32
    assert exact == 257


def test_mixed_precision_resumes_after_the_block():
    with torch.autocast("cpu", dtype=torch.bfloat16):
        with full_precision(ONES):
            pass

        assert total().dtype == torch.bfloat16


def test_without_mixed_precision_nothing_changes():
    with full_precision(ONES):
        assert not torch.is_autocast_enabled("cpu")
        assert total() == 257

    assert not torch.is_autocast_enabled("cpu")
