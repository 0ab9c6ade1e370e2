"""The retry policy under its names in the client."""

from __future__ import annotations

from corinpaint.client import retry
from corinpaint.lasco import retries


def test_the_policy_of_the_client_is_that_of_every_room():
    assert retry.RetryPolicy is retry.Patience is retries.RetryPolicy
