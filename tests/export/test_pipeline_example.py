"""The example for other pipelines: it needs neither corinpaint nor torch, and gives the same fills as corinpaint."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.level1.product import Level1
from corinpaint.lasco.options import parse
from corinpaint.lasco.simulation.scene import simulate, write
from corinpaint.restore.engines import loading
from corinpaint.restore.engines.onnx import OnnxInpainter, default_onnx
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

TOLERANCE = 0.02
"""Of a fill, in standard deviations of the fill; 0.004 was measured."""

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
    done = run(default_onnx(), given, path)
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
        assert np.abs(hdus["NOISE"].data[filled] / wanted.noise[filled] - 1).max() < 0.02
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
