"""The attributes that a search by Fido may have beside its own."""

from __future__ import annotations

import pytest

pytest.importorskip("sunpy.net")

from sunpy.net import attr
from sunpy.net import attrs as a

from corinpaint.archive.acquisition import fido, fido_attrs


def test_attributes_are_found_beside_those_of_sunpy():
    assert fido.LASCOLevel05Client._attrs_module() == ("corinpaint", fido_attrs.__name__)
    assert a.corinpaint is fido_attrs
    assert "corinpaint" in a.__all__


@pytest.mark.parametrize("kind", [fido_attrs.Filter, fido_attrs.Mirror, fido_attrs.Polar])
def test_an_attribute_has_a_value_and_can_be_joined_with_others(kind):
    assert kind("value").value == "value"
    assert kind.__name__ in fido_attrs.__all__
    assert isinstance(kind("value") & a.Instrument.lasco, attr.AttrAnd)
    assert isinstance(kind("value") | kind("other"), attr.AttrOr)
