"""Products to draw."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.product import Level1
from corinpaint.restore.pipeline import restore


@pytest.fixture(scope="session")
def holed(make_frame) -> Level1:
    """A product of C3 with a filled zone of one block, one of two, and a refused one at the upper edge."""
    return restore(read_frame(make_frame(missing=((20, 20), (8, 9), (8, 10), (31, 16)))), fill="polynomial").level1


@pytest.fixture(scope="session")
def whole(make_frame) -> Level1:
    """A product of C3 without missing blocks."""
    return restore(read_frame(make_frame()), fill="none").level1


@pytest.fixture
def with_cards() -> Callable[..., Level1]:
    """A product with other cards: `with_cards(product, NMISSING=1)`; None takes a card out."""

    def changed(product: Level1, **cards: object) -> Level1:
        header = product.header.copy()
        for key, value in cards.items():
            if value is None:
                header.remove(key, ignore_missing=True, remove_all=True)
            else:
                header[key] = value
        return replace(product, header=header, data=np.copy(product.data))

    return changed
