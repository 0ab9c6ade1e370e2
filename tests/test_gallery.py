"""The examples of the gallery run as they are."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
EXAMPLES = sorted((ROOT / "examples" / "gallery").glob("plot_*.py"))

SAYS = {
    "plot_1_first_product": "9 filled, 0 refused",
    "plot_2_running_difference": "35000021_minus_running.fits",
    "plot_3_cme_mass": "of them filled, 0 without a value",
    "plot_4_without_filling": "zeros in the holes",
    "plot_5_own_weights": "own weights: WEIGHTS = ",
    "plot_6_onnxruntime_alone": "largest difference 0.0",
}
"""What each example prints when it does what it is about."""


def test_every_example_is_tested():
    assert [path.stem for path in EXAMPLES] == list(SAYS)


@pytest.mark.slow
@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: path.stem)
def test_an_example_runs_by_itself_and_draws(path, tmp_path):
    picture = tmp_path / "picture.png"
    program = (
        "import matplotlib.pyplot as plt, runpy\n"
        f"plt.show = lambda: plt.gcf().savefig({str(picture)!r}, dpi=50)\n"
        f"runpy.run_path({str(path)!r})\n"
    )
    done = subprocess.run(
        [sys.executable, "-W", "error::UserWarning", "-W", "error::RuntimeWarning", "-c", program],
        env={**os.environ, "MPLBACKEND": "Agg"}, cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert SAYS[path.stem] in done.stdout
    assert picture.stat().st_size > 5000
