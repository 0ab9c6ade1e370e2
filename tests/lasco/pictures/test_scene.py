"""What the panels of a picture share."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco.pictures.scene import MAX_ZONES, Scene
from corinpaint.lasco.pictures.stretch import scale


def scene(product, kind="linear"):
    return Scene(product, scale(product.data, product.header, kind), None, None, numbered=True)


@pytest.mark.parametrize(("detector", "name"), [("C2", "soholasco2"), ("C3", "soholasco3"), ("EIT", "soholasco2")])
def test_tables_are_those_of_the_telescope(whole, with_cards, detector, name):
    assert scene(with_cards(whole, DETECTOR=detector)).table.name == name


def test_differences_are_grey(whole):
    red, green, blue, _ = scene(whole, "difference").table(0.3)
    assert red == green == blue


def test_of_many_zones_the_largest_are_enlarged(make_frame):
    from corinpaint.lasco.level05.frame import read_frame
    from corinpaint.restore.pipeline import restore

    single = [(row, column) for row in (5, 9, 22, 26) for column in (8, 12, 20, 24)]
    product = restore(read_frame(make_frame(missing=(*single, (26, 25)))), fill="none").level1
    found = scene(product).zones
    assert len(found) == MAX_ZONES
    assert [zone.number for zone in found] == sorted(zone.number for zone in found)
    assert max(zone.history.count for zone in found) == 2


def test_without_flags_before_is_after(whole):
    from dataclasses import replace

    found = scene(replace(whole, mask=None))
    assert found.before is found.after
    assert found.zones == []
    assert np.isfinite(found.scaled.values).any()
