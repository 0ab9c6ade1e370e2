"""`corinpaint simulate`."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco.level05 import blocks


@pytest.mark.slow
def test_simulate_writes_a_frame_that_can_be_restored_and_its_truth(run, tmp_path):
    result = run("simulate", "-o", tmp_path / "sim", "--seed", 3, "--missing", 2)
    assert result.exit_code == 0, result.output
    (frame,) = (tmp_path / "sim").glob("*.fts")
    (truth,) = (tmp_path / "sim").glob("*_truth.fits")
    missing = fits.getdata(frame) != fits.getdata(truth, "COMPLETE")
    assert missing.sum() == pytest.approx(2 * 1024, rel=0.05)
    assert run("restore", frame, "-o", tmp_path / "out").exit_code == 0
    assert run("simulate", "-o", tmp_path / "sim", "--seed", 3).exit_code == 1


@pytest.mark.slow
def test_the_truth_files_of_a_simulated_folder_are_not_restored(run, tmp_path):
    assert run("simulate", "-o", tmp_path / "sim", "--seed", 4, "--missing", 1).exit_code == 0
    assert run("restore", tmp_path / "sim", "-o", tmp_path / "out").exit_code == 0
    assert run("simulate", "-o", tmp_path / "sim", "--seed", 4, "--missing", 1, "--overwrite").exit_code == 0


@pytest.mark.slow
def test_a_run_of_blocks_is_lost_where_one_is_asked_for(run, tmp_path):
    assert run("simulate", "-o", tmp_path, "--run", 40, "--no-truth").exit_code == 0
    (path,) = tmp_path.iterdir()
    empty = blocks.block_means(fits.getdata(path) != 0) == 0
    missing = np.flatnonzero(empty & ~blocks.never_sent())
    assert missing.size == 40
    assert np.ptp(missing) < 80
    assert run("simulate", "-o", tmp_path, "--run", 40, "--missing", 3).exit_code == 2
