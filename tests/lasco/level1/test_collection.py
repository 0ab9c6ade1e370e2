"""Which products belong together."""

from __future__ import annotations

import numpy as np
import products
import pytest

from corinpaint.lasco.errors import CalibrationError, NoFrameError
from corinpaint.lasco.level1.collection import Setting, check_alike, collect

IMAGE = np.ones((32, 32))


def test_products_are_grouped_by_setting_in_time_order_and_found_at_any_depth(tmp_path):
    products.write(tmp_path / "a" / "b", 35000002, "2002-01-08T03:00:00", IMAGE)
    products.write(tmp_path, 35000001, "2002-01-08T04:00:00", IMAGE)
    products.write(tmp_path, 25000001, "2002-01-08T04:00:00", IMAGE, DETECTOR="C2", FILTER="Orange")
    products.write(tmp_path, 35000003, "2002-01-08T05:00:00", np.ones((64, 64)))
    products.write(tmp_path, 35000004, "2002-01-08T05:00:00", IMAGE, POLAR="+60 Deg")
    found = collect([tmp_path])
    numbers = {
        tuple(setting)[:3] + setting.shape: [int(m.path.stem) for m in members]
        for setting, members in found.groups.items()
    }
    assert numbers == {
        ("C3", "CLEAR", "CLEAR", 32, 32): [35000002, 35000001],
        ("C2", "ORANGE", "CLEAR", 32, 32): [25000001],
        ("C3", "CLEAR", "CLEAR", 64, 64): [35000003],
        ("C3", "CLEAR", "+60DEG", 32, 32): [35000004],
    }
    assert str(next(iter(found.groups))).endswith("px")
    assert not found.lines()


def test_compressed_products_are_found_and_the_same_exposure_counts_once(tmp_path):
    one = products.made_up(35000001, "2002-01-08T03:00:00", IMAGE)
    one.write(tmp_path / "a")
    one.write(tmp_path / "b", compress="rice")
    products.made_up(35000002, "2002-01-08T04:00:00", IMAGE).write(tmp_path / "c", compress="lossless")
    (members,) = collect([tmp_path, tmp_path / "a"]).groups.values()
    assert [member.path.relative_to(tmp_path).as_posix() for member in members] == [
        "a/35000001.fits",
        "c/35000002.fits",
    ]
    assert Setting("C3", "CLEAR", "CLEAR", (32, 32)) in collect([tmp_path]).groups


def test_what_is_no_product_is_passed_over_and_told(tmp_path, make_frame):
    products.write(tmp_path, 35000001, "2002-01-08T03:00:00", IMAGE)
    products.write(tmp_path, 35000002, "2002-01-08T03:00:00", IMAGE, LEVEL="2.0")
    products.write(tmp_path, 35000003, "soon", IMAGE)
    (tmp_path / "32082037.fts").write_bytes(make_frame())
    (tmp_path / "broken.fits").write_text("no FITS")
    (tmp_path / "._35000001.fits").write_text("of macOS")
    (tmp_path / "notes.txt").write_text("of the day")
    found = collect([tmp_path])
    assert [len(members) for members in found.groups.values()] == [1]
    assert {what: [path.name for path in paths] for what, paths in found.passed_over.items()} == {
        "files that are no products of CorInpaint": ["32082037.fts"],
        "backgrounds and differences": ["35000002.fits"],
        "products without a DATE-OBS": ["35000003.fits"],
        "files that cannot be read as FITS": ["broken.fits"],
    }
    assert len(found.lines()) == 4


def test_an_input_that_is_not_there_or_has_no_product_is_an_error(tmp_path):
    with pytest.raises(NoFrameError, match="gone"):
        collect([tmp_path / "gone"])
    with pytest.raises(NoFrameError, match="no Level 1 product of CorInpaint"):
        collect([tmp_path])


@pytest.mark.parametrize(("key", "value"), [("CALIB", "OFFICIAL"), ("BUNIT", "DN / s"), ("CALOPT", "no-warp")])
def test_products_that_were_made_differently_are_named(tmp_path, key, value):
    products.write(tmp_path, 35000001, "2002-01-08T03:00:00", IMAGE)
    products.write(tmp_path, 35000002, "2002-01-08T04:00:00", IMAGE, **{key: value})
    (members,) = collect([tmp_path]).groups.values()
    with pytest.raises(CalibrationError, match=rf"35000002\.fits: {key} = '{value}', but .* in .*35000001"):
        check_alike(members)
    check_alike(members[:1])


def test_the_identity_is_that_of_the_content(tmp_path):
    when = "2002-01-08T03:00:00"
    paths = [
        products.made_up(35000001, when, IMAGE).write(tmp_path / "a"),
        products.made_up(35000001, when, IMAGE).write(tmp_path / "b"),
        products.made_up(35000001, when, IMAGE, DATAAVG=5.0).write(tmp_path / "c"),
    ]
    one, same, other = (next(iter(collect([path]).groups.values()))[0].identity for path in paths)
    assert one == same != other
