"""Example inputs: what a network takes, in its order."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.export.examples import EXAMPLE_PLACE, dynamic_example_inputs, example_inputs
from corinpaint.model.checkpoint import load_checkpoint


@pytest.mark.parametrize(
    ("fixture", "planes"), [("checkpoint", 1), ("log_polar_checkpoint", 2), ("sequence_checkpoint", 5)]
)
def test_a_network_accepts_its_example_inputs(request, fixture, planes):
    model = load_checkpoint(request.getfixturevalue(fixture))[0]
    rows, columns = model.multiple, 2 * model.multiple
    given = example_inputs(model, 2, rows, columns)
    assert len(given) == len(model.inputs)
    assert given[0].shape == given[1].shape == (2, planes, rows, columns)
    assert given[1].all()
    assert all(output.shape == (2, 1, rows, columns) for output in model.inference_module()(*given))


def test_example_windows_lie_in_the_field_of_view(log_polar_checkpoint):
    place = example_inputs(load_checkpoint(log_polar_checkpoint)[0], 3, 64, 64)[2]
    assert place.tolist() == [list(EXAMPLE_PLACE[:2])] * 3


def test_windows_of_sequences_have_times(sequence_checkpoint):
    place = example_inputs(load_checkpoint(sequence_checkpoint)[0], 3, 64, 64)[2]
    assert place.numpy() == pytest.approx(np.tile(EXAMPLE_PLACE, (3, 1)))


def test_batch_and_sizes_are_dynamic_in_multiples_that_the_network_accepts(log_polar_checkpoint):
    model = load_checkpoint(log_polar_checkpoint)[0]
    given, axes = dynamic_example_inputs(model)
    assert [len(array) for array in given] == [2, 2, 2]
    assert {name: sorted(free) for name, free in axes.items()} == {"image": [0, 2, 3], "mask": [0, 2, 3], "place": [0]}
    assert str(axes["image"][2]).startswith(f"{model.multiple}*")
    assert axes["image"][0] is axes["place"][0]
