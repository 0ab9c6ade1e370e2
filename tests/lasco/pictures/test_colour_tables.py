"""Colour tables of the telescopes."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.pictures.colour_tables import colour_table

LEVELS = np.arange(256)


@pytest.mark.parametrize("detector", ["C2", "C3"])
def test_tables_go_from_black_to_white_without_a_step_back(detector):
    table = colour_table(detector)(LEVELS, bytes=True)[:, :3]
    assert table[0].max() == 0
    assert table[-1].min() >= 254
    assert (np.diff(table.astype(int), axis=0) >= 0).all()


@pytest.mark.slow
@pytest.mark.parametrize(("detector", "name"), [("C2", "soholasco2"), ("C3", "soholasco3")])
def test_tables_are_those_of_sunpy(detector, name):
    tables = pytest.importorskip("sunpy.visualization.colormaps").cmlist
    own = colour_table(detector)
    assert own.name == name
    assert np.array_equal(own(LEVELS, bytes=True), tables[name](LEVELS, bytes=True))


def test_where_there_is_no_value_the_ground_is_seen():
    assert colour_table("C2")(np.nan)[3] == 0


def test_a_telescope_without_a_table_is_refused():
    with pytest.raises(OptionError, match="'C1' has no colour table"):
        colour_table("C1")
