"""Products and reports for the tests of report pages."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from products import made_up

from corinpaint.archive.reporting.entries import Entry
from corinpaint.lasco.level1.header import add_history
from corinpaint.lasco.level1.product import Flag, Level1

SIDE = 256


def product(number: int = 35000001, when: str = "2002-01-08T02:18:05.594", **cards: object) -> Level1:
    """A product with a filled zone of one block, and a refused one of two."""
    row, column = np.indices((SIDE, SIDE))
    data = (1e-9 / (1 + np.hypot(row - 128, column - 128) / 20)).astype(np.float32)
    mask = np.zeros((SIDE, SIDE), np.uint8)
    mask[32:64, 64:96] = Flag.FILLED
    mask[192:224, 128:192] = Flag.REFUSED
    data[mask == Flag.REFUSED] = np.nan
    made = made_up(number, when, data, mask, 1e-12, NMISSING=4, NFILLED=1, **cards)
    lines = [
        "CorInpaint 1.0: Level 0.5 file 32000001.fts",
        "Warning: the pointing is unknown, and this sentence is long enough that it is broken",
        "Zone 1, 1 missing blocks: filled by network, measured error 1.14 x noise",
        "Zone 2, 2 missing blocks: refused: touches the edge of the frame",
    ]
    add_history(made.header, lines)
    return made


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with two products, one of them deeper."""
    target = tmp_path / "products"
    product().write(target)
    product(35000002, "2002-01-09T02:18:05.594").write(target / "later", compress="rice")
    return target


def synthetic(count: int) -> list[Entry]:
    """Entries without pages, an hour apart."""
    return [
        Entry(
            f"{index}.fits",
            f"{index:08}-0",
            f"{index:08}",
            str(np.datetime64("2002-01-01T00:00:00") + np.timedelta64(index, "h")),
            "C2" if index % 2 else "C3",
            "Orange",
            "Clear",
            missing=index % 7,
            filled=index % 7,
        )
        for index in range(count)
    ]


@pytest.fixture
def make_product():
    """See `product`."""
    return product


@pytest.fixture
def make_entries():
    """See `synthetic`."""
    return synthetic
