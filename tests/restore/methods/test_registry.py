"""The methods without a network: one interface, the same promises from each."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import problems
import pytest

from corinpaint.lasco.level05 import blocks
from corinpaint.restore.methods import registry

ONE = ((20, 20),)
FOUR = ((20, 20), (20, 21), (21, 20), (21, 21))

NAMES = (
    "fuzzy",
    "harmonic",
    "biharmonic",
    "telea",
    "navier-stokes",
    "polynomial",
    "radial",
    "radial-profiles",
    "gaussian-process",
)

POWER_LAW = {
    "fuzzy": 6e-3,
    "harmonic": 2e-6,
    "biharmonic": 2e-3,
    "telea": 1e-6,
    "navier-stokes": 1e-6,
    "polynomial": 1e-3,
    "radial": 1e-6,
    "radial-profiles": 1e-6,
    "gaussian-process": 1e-3,
}
"""Largest relative error on r^-2.3 in a hole of 2 x 2 blocks."""

PLANE = {
    "fuzzy": 1e-3,
    "harmonic": 2e-4,
    "biharmonic": 1e-6,
    "telea": 6e-3,
    "navier-stokes": 8e-3,
    "polynomial": 1e-6,
    "radial": 3e-3,
    "radial-profiles": 1e-2,
    "gaussian-process": 3e-3,
}

QUADRATIC = {
    "fuzzy": 1e-3,
    "harmonic": 4e-3,
    "biharmonic": 1e-6,
    "telea": 6e-3,
    "navier-stokes": 8e-3,
    "polynomial": 1e-6,
    "radial": 6e-3,
    "radial-profiles": 1e-2,
    "gaussian-process": 6e-3,
}


@pytest.fixture(params=NAMES)
def name(request):
    if request.param in ("telea", "navier-stokes"):
        pytest.importorskip("cv2")
    return request.param


def test_the_methods_are_known_by_name():
    assert tuple(registry.METHODS) == (*NAMES, "temporal", "neighbours", "motion")
    assert {registry.TEMPORAL, "neighbours", "motion"} == registry.NEED_CONTEXT
    assert set(registry.installed()) <= set(NAMES)


def test_names_are_read_without_a_heavy_import():
    program = (
        "import sys\nfrom corinpaint.restore.methods import registry\nassert registry.METHODS\n"
        "sys.exit(bool({'numpy', 'scipy', 'cv2', 'skimage'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.mark.slow
@pytest.mark.parametrize(("size", "width"), [(1024, 1), (512, 2)])
def test_radial_power_laws_planes_and_quadratics_are_recovered(
    name, size, width
):  # a block of a summed frame is twice as wide
    fill = registry.METHODS[name]()
    for field, tolerance in ((problems.power, POWER_LAW), (problems.plane, PLANE), (problems.quadratic, QUADRATIC)):
        made, truth = problems.problem(field, FOUR, size=size)
        filled = fill(made)
        assert filled.dtype == np.float32
        assert filled.shape == truth.shape
        assert problems.worst(filled, truth, made) < tolerance[name] * width**2, field.__name__


def test_what_is_not_observed_is_not_read(name):
    hidden = np.zeros((1024, 1024), dtype=bool)
    hidden[600:640, 690:760] = True
    made, truth = problems.problem(problems.power, FOUR, hidden=hidden, noise=0.01)
    before = registry.METHODS[name]()(made)
    odd = np.where(made.observed, made.image, np.float32(7))
    after = registry.METHODS[name]()(replace(made, image=odd))
    assert np.array_equal(before[made.hole], after[made.hole])
    assert problems.worst(before, truth, made) < 0.1


def test_the_problem_is_left_as_it_is_and_far_pixels_do_not_count(name):
    made, _ = problems.problem(problems.power, ONE, noise=0.01)
    before, image = registry.METHODS[name]()(made), made.image.copy()
    assert np.array_equal(made.image, image, equal_nan=True)
    image[:500] *= 3
    image[:, :500] *= 3
    assert np.array_equal(before[made.hole], registry.METHODS[name]()(replace(made, image=image))[made.hole])


def test_zones_are_filled_each_by_itself(name):
    both, truth = problems.problem(problems.power, (*ONE, (8, 12)))
    assert len(both.zones) == 2
    filled = registry.METHODS[name]()(both)
    assert problems.worst(filled, truth, both) < 0.01
    alone, _ = problems.problem(problems.power, ONE)
    assert np.array_equal(registry.METHODS[name]()(alone)[alone.hole], filled[alone.hole])


@pytest.mark.parametrize("missing", [((0, 20),), ((31, 31),), ((15, 0), (16, 0))])
def test_holes_at_the_edge_of_the_frame_are_filled_from_the_other_sides(name, missing):
    made, truth = problems.problem(problems.power, missing, noise=1e-3)
    assert problems.worst(registry.METHODS[name]()(made), truth, made) < 0.25


def test_a_hole_beside_the_occulter_is_filled_from_the_other_sides(name):
    y, x = np.mgrid[0:1024, 0:1024]
    hidden = np.hypot(x - problems.CENTRE[0], y - problems.CENTRE[1]) < 90
    made, truth = problems.problem(problems.power, ((19, 16), (19, 17)), hidden=hidden, noise=0.05)
    assert 0 < np.count_nonzero(made.hole) < 2048
    assert problems.worst(registry.METHODS[name]()(made), truth, made) < 0.4


def test_a_hole_with_nothing_observed_around_stays_without_values(name):
    hidden = np.zeros((32, 32), dtype=bool)
    hidden[17:24, 17:24] = True
    made, _ = problems.problem(problems.power, (*ONE, (8, 12)), hidden=blocks.to_pixels(hidden))
    hole = blocks.to_pixels(made.zones[1].missing)
    made = replace(made, hole=made.hole | hole)
    filled = registry.METHODS[name]()(made)
    assert np.isnan(filled[hole]).all()
    assert np.isfinite(filled[made.hole & ~hole]).all()


def test_noise_around_the_hole_stays_noise_in_it(name):
    made, truth = problems.problem(problems.power, FOUR, noise=0.02)
    error = (registry.METHODS[name]()(made) - truth)[made.hole] / problems.UNIT
    assert np.sqrt(np.mean(error**2)) < (0.06 if name == "biharmonic" else 0.025)


def test_dark_and_negative_pixels_are_filled_too(name):
    made, truth = problems.problem(lambda rows, columns: 0.02 + 0 * rows * columns, FOUR, noise=0.1)
    error = (registry.METHODS[name]()(made) - truth)[made.hole] / problems.UNIT
    assert np.isfinite(error).all()
    assert np.sqrt(np.mean(error**2)) < 0.25
