"""`corinpaint show`: pictures of products."""

from __future__ import annotations

import pytest

from corinpaint.cli import common
from corinpaint.lasco.pictures.stretch import STRETCHES


@pytest.fixture
def product(run, frame_path, tmp_path):
    assert run("restore", frame_path, "-o", tmp_path / "out").exit_code == 0
    return tmp_path / "out" / "35082037.fits"


@pytest.mark.slow
def test_a_picture_lies_beside_its_product_and_is_not_replaced_unasked(run, product):
    result = run("show", product)
    assert result.exit_code == 0
    picture = product.with_suffix(".png")
    assert result.stdout == f"{picture}\n"
    assert picture.read_bytes().startswith(b"\x89PNG")
    again = run("show", product)
    assert again.exit_code == 1
    assert "is there already" in again.stderr
    assert run("show", product, "--overwrite").exit_code == 0


@pytest.mark.slow
def test_panels_stretches_and_the_name_of_the_file_can_be_chosen(run, product, tmp_path):
    target = tmp_path / "pictures" / "zones.png"
    words = ("--stretch", "log", "--zones", "--uncertainty", "--truth", product)
    assert run("show", product, "-o", target, *words).exit_code == 0
    assert run("show", product, "-o", tmp_path / "plain").exit_code == 0
    plain = tmp_path / "plain" / "35082037.png"
    assert target.read_bytes() != plain.read_bytes()


def test_a_product_that_fails_is_named_and_the_others_are_drawn(run, product, tmp_path):
    result = run("show", tmp_path / "nothing.fits", product)
    assert result.exit_code == 1
    assert "nothing.fits" in result.stderr
    assert product.with_suffix(".png").is_file()


def test_one_file_is_no_place_for_the_pictures_of_two_products(run, product, tmp_path):
    result = run("show", product, product, "-o", tmp_path / "one.png")
    assert result.exit_code == 1
    assert "give a folder" in result.stderr


def test_the_stretches_are_those_that_there_are():
    assert common.STRETCHES == STRETCHES
