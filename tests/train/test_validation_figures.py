"""Figures that the validations of both designs share."""

import pytest

from corinpaint.train.validation_figures import MIN_ERROR, error_ratios, geometric_mean, groups


def test_ratios_are_taken_hole_by_hole_and_an_error_of_zero_has_one():
    assert error_ratios([1.0, 0.0, 0.0], [2.0, 1.0, 0.0]) == [0.5, MIN_ERROR, 1.0]


def test_halves_and_doubles_average_to_one():
    assert geometric_mean([0.5, 2.0]) == pytest.approx(1)


def test_holes_are_grouped_together_by_size_and_by_kind():
    assert groups([1, 2, 1], ["C2", "C3", "C3"]) == [
        ("", [0, 1, 2]),
        ("_1", [0, 2]),
        ("_2", [1]),
        ("_C2", [0]),
        ("_C3", [1, 2]),
    ]
