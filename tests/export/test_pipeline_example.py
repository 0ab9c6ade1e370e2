"""The example for other pipelines: it needs neither corinpaint nor torch, and gives the same fills as corinpaint."""

from __future__ import annotations

import ast
import importlib.util
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame, read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.level1.product import Level1
from corinpaint.lasco.nominal import pixel_response
from corinpaint.lasco.options import parse
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.simulation.hole_placement import generator
from corinpaint.lasco.simulation.scene import simulate, write
from corinpaint.restore.engines import loading
from corinpaint.restore.engines.onnx import OnnxInpainter, default_onnx
from corinpaint.restore.network import flat_field, log_polar_grid, point_sources
from corinpaint.restore.pipeline import restore

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "pipeline.py"
OPTIONS = parse(["no-warp", "no-roll"])
BLOCKED = """
import runpy, sys
for name in ("corinpaint", "torch", "scipy", "onnx"):
    sys.modules[name] = None
sys.argv = sys.argv[1:]
runpy.run_path(sys.argv[0], run_name="__main__")
"""

RESPONSE = pixel_response.FILES["C3"]

TOLERANCE = 0.2
"""Of a fill, in standard deviations of the fill; docs/how_to/pipeline.md has what was measured."""

NOISE_TOLERANCE = 0.03
"""Of NOISE: the script lacks the excess of pixels that are noisier than is usual for their brightness."""

UNCERT_TOLERANCE = 0.2
"""Of UNCERT: the header has medians of the calibration's terms, which vary over the field; 0.10 was measured."""

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def level05(tmp_path_factory) -> Path:
    """A simulated frame: a block alone, two and two in a square, and two a block apart; none at the dim pylon."""
    missing = np.zeros((32, 32), dtype=bool)
    for row, column in ((24, 9), (20, 22), (20, 23), (21, 22), (21, 23), (10, 20), (10, 22)):
        missing[row, column] = True
    return write(simulate(7, missing=missing), tmp_path_factory.mktemp("frame") / "32000007.fts")


def run(*words: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", BLOCKED, str(SCRIPT), *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.fixture(scope="module")
def given(level05, tmp_path_factory) -> Path:
    return calibrate(read_frame(level05), options=OPTIONS).write(tmp_path_factory.mktemp("calibrated"))


@pytest.fixture(scope="module")
def wanted(level05) -> Level1:
    engine = OnnxInpainter(default_onnx())
    return restore(read_frame(level05), inpainter=engine, options=OPTIONS).level1


@pytest.fixture(scope="module")
def output(given, tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("filled") / "filled.fits"
    done = run(default_onnx(), given, path, pixel_response.package_data("corinpaint.lasco.nominal", RESPONSE))
    assert done.returncode == 0, done.stderr
    assert "pixels filled" in done.stdout
    return path


def test_it_imports_numpy_astropy_and_onnxruntime_only():
    names = set()
    for node in ast.walk(ast.parse(SCRIPT.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name.split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            names.add(str(node.module).split(".")[0])
    assert names - set(sys.stdlib_module_names) == {"numpy", "astropy", "onnxruntime"}


def test_it_fills_the_same_pixels_as_corinpaint_with_the_same_values(output, wanted):
    filled = wanted.mask & 1 > 0
    with fits.open(output) as hdus:
        assert filled.sum() >= 6 * 32 * 32
        assert np.array_equal(hdus["MASK"].data & 1 > 0, filled)
        difference = (hdus[0].data - wanted.data)[filled] / wanted.noise[filled]
        assert np.abs(difference).max() < TOLERANCE
        assert np.abs(hdus["NOISE"].data[filled] / wanted.noise[filled] - 1).max() < NOISE_TOLERANCE
        total = hdus["UNCERT"].data[filled] / wanted.uncertainty[filled]
        assert np.abs(total - 1).max() < UNCERT_TOLERANCE
        assert np.ptp(hdus[0].data[filled]) > 0


def test_it_changes_nothing_else_and_names_the_weights(output, given):
    with fits.open(output) as after, fits.open(given) as before:
        same = after["MASK"].data & 1 == 0
        for name in (0, "MASK", "UNCERT", "NOISE"):
            assert np.array_equal(after[name].data[same], before[name].data[same], equal_nan=name == 0)
        assert loading.load().info.sha256 in "".join(map(str, after[0].header["HISTORY"])).replace("\n", "")


def test_it_refuses_a_network_of_another_domain(onnx_model, given, tmp_path):
    done = run(onnx_model, given, tmp_path / "filled.fits")
    assert done.returncode != 0
    assert "sees equalised images" in done.stderr
    assert not (tmp_path / "filled.fits").exists()


def test_it_prints_its_usage():
    done = run()
    assert done.returncode != 0
    assert "usage" in done.stderr


@pytest.fixture(scope="module")
def script() -> ModuleType:
    spec = importlib.util.spec_from_file_location("pipeline_example", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_divides_by_the_response_of_the_pixels_as_corinpaint_does(script):
    rng = np.random.default_rng(0)
    shape = (256, 320)
    response = rng.normal(0, 0.01, shape)
    image = (1 + 0.001 * np.arange(shape[1])) * (1 + 0.8 * response) * (1 + rng.normal(0, 0.01, shape))
    sigma, seen = np.full(shape, 0.01), np.ones(shape, dtype=bool)
    seen[96:160, 100:164] = False
    ours = 1 + flat_field.share(image, sigma, seen, response) * response
    assert np.allclose(script.shown_response(image, sigma, seen, response), ours, atol=1e-6)
    assert ours[~seen].std() > 0.006


@pytest.mark.parametrize("shape", [(1024, 1024), (512, 512), (512, 1024)])
def test_its_windows_are_those_of_corinpaint_in_summed_frames_too(script, shape):
    pixel = log_polar_grid.pixel_shape(shape)
    rows, columns = np.nonzero(
        blocks.to_pixels(np.arange(shape[0] * shape[1] // 1024).reshape(blocks.grid_shape(shape)) == 37)
    )
    centre = shape[1] / 2 + 3.25, shape[0] / 2 - 7.5
    ours, theirs = (
        log_polar_grid.around(rows, columns, centre, 0.46, pixel),
        script.Window(rows, columns, centre, shape),
    )
    assert theirs.side == ours.side
    assert np.allclose(theirs.pixels(), ours.pixels())
    assert np.allclose(theirs.places(rows, columns), ours.places(rows, columns))


def test_it_hides_the_point_sources_that_corinpaint_hides(script):
    rng = np.random.default_rng(0)
    rows, columns = np.mgrid[:160, :180]
    level = (100 + rng.normal(size=rows.shape)).astype(np.float32)
    for row, column, peak in zip(
        rng.integers(5, 150, 20), rng.integers(5, 150, 20), 10 ** rng.uniform(1, 3, 20), strict=True
    ):
        level += (peak * np.exp(-((rows - row - 0.3) ** 2 + (columns - column) ** 2))).astype(np.float32)
    known, saturated = np.ones(level.shape, dtype=bool), np.zeros(level.shape, dtype=bool)
    known[60:100, 60:100], saturated[50, 20:60] = False, True
    level[45:56, 15:65] += 20
    known &= ~saturated

    found = script.point_sources(np.where(known, level, np.nan).astype(np.float32), saturated)

    wanted = point_sources.point_sources(level, known, saturated)
    assert wanted.sum() > 200
    assert np.array_equal(found, wanted)


def test_it_agrees_with_corinpaint_on_real_frames_beside_the_occulter_too(shared, script, tmp_path):
    engine, compared = OnnxInpainter(default_onnx()), 0
    # Every twelfth of those at full resolution, and of those that are summed.
    paths = [*sorted(shared.glob("c[23]_level05/*.fts.gz"))[::12], *sorted(shared.glob("c2_level05_*/*.fts.gz"))[::12]]
    for path in paths:
        frame = with_holes(read_frame(path))
        level1 = restore(frame, inpainter=engine, options=OPTIONS).level1
        given = calibrate(frame, options=OPTIONS).write(tmp_path, overwrite=True)
        response = pixel_response.package_data("corinpaint.lasco.nominal", pixel_response.FILES[frame.detector])
        script.main(str(default_onnx()), str(given), str(tmp_path / "filled.fits"), str(response))
        filled = level1.mask & 1 > 0
        with fits.open(tmp_path / "filled.fits") as hdus:
            assert (hdus["MASK"].data[filled] & 1 > 0).all(), path.name
            difference = (hdus[0].data - level1.data)[filled] / level1.noise[filled]
            assert np.abs(difference).max() < TOLERANCE, path.name
        compared += filled.any()
    assert compared == len(paths)


def with_holes(frame: Frame) -> Frame:
    """A frame without some blocks: two beside the occulter or the pylon, and three wholly in the field of view."""
    observed = calibrate_on_detector(frame, load_calibration_set(), OPTIONS)
    share, rng = blocks.block_means(observed.field), generator(frame.number)
    sent = blocks.block_means(observed.unsent) == 0
    rows, columns = np.indices(share.shape)
    high, wide = share.shape
    inside = np.hypot((rows + 0.5) / high - 0.5, (columns + 0.5) / wide - 0.5) < 0.3
    missing = blocks.no_blocks(frame.data.shape)
    for among, count in (((share > 0.02) & (share < 0.98), 2), (share == 1, 3)):
        for row, column in rng.permutation(np.argwhere(among & sent & inside))[:count]:
            missing[row, column] = True
    return replace(frame, data=np.where(blocks.to_pixels(missing), np.float32(0), frame.data))
