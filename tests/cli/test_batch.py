"""What `restore` and `calibrate` say of a run over many frames."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import pytest
from astropy.io import fits

from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.cli.batch import tell


@pytest.mark.parametrize(
    ("outcome", "intended", "out", "err"),
    [
        (Outcome("a.fts", Fate.THERE, "p.fits"), False, "", ""),
        (
            Outcome("a.fts", Fate.MADE, "p.fits", calibration="OFFICIAL"),
            False,
            "p.fits: official calibration, 0 missing blocks\n",
            "",
        ),
        (
            Outcome("a.fts", Fate.MADE, "p.fits", 6, 4, 1, 1, reasons=("touches the edge",), calibration="NOMINAL"),
            False,
            "p.fits: nominal calibration, 6 missing blocks: 4 filled, 1 refused (touches the edge), 1 occulted\n",
            "",
        ),
        (
            Outcome("a.fts", Fate.REMADE, "p.fits", 1, 1, calibration="NOMINAL", note="FILL = 'none', not 'network'"),
            False,
            "p.fits: nominal calibration, 1 missing block: 1 filled (made anew: FILL = 'none', not 'network')\n",
            "",
        ),
        (Outcome("a.fts", Fate.MADE, "p.fits"), True, "p.fits: from a.fts\n", ""),
        (
            Outcome("a.fts", Fate.STALE, "p.fits", note="the frame has changed"),
            False,
            "",
            "Left as it is: p.fits: the frame has changed\n",
        ),
        (
            Outcome("a.fts", Fate.FAILED, code="not_fits", what="a.fts: not a FITS file", remedy="fetch it again"),
            False,
            "",
            "Error: a.fts: not a FITS file; fetch it again\n",
        ),
        (
            Outcome("a.fts", Fate.MADE, "p.fits", warnings=("the pointing is unknown",), calibration="NOMINAL"),
            False,
            "p.fits: nominal calibration, 0 missing blocks\n",
            "Warning: a.fts: the pointing is unknown\n",
        ),
    ],
)
def test_every_fate_is_told_in_a_line(capsys, outcome, intended, out, err):
    tell(outcome, intended=intended)
    assert capsys.readouterr() == (out, err)


@pytest.mark.slow
def test_a_run_that_is_interrupted_finishes_the_frame_and_goes_on_later(make_frame, tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(32082001, 32082031):
        (tmp_path / "in" / f"{number}.fts").write_bytes(make_frame(missing=((20, 10),), FILENAME=f"{number}.fts"))
    out = tmp_path / "out"
    command = [sys.executable, "-m", "corinpaint.cli.main", "restore", tmp_path / "in", "-o", out, "--fill", "harmonic"]
    run = subprocess.Popen([*command, "-j", "2"], stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    while not list(out.glob("*.fits")):
        assert run.poll() is None
        time.sleep(0.02)
    os.kill(run.pid, signal.SIGINT)
    _, stderr = run.communicate(timeout=100)
    assert run.returncode == 130
    assert "Stopped; the same command goes on where it was stopped." in stderr
    made = {path.name for path in out.iterdir()}
    assert 0 < len(made) < 30
    for name in made:
        with fits.open(out / name) as hdus:
            hdus.verify("exception")
    again = subprocess.run(command, capture_output=True, text=True, check=True)
    assert f"30 frames: {30 - len(made)} made, {len(made)} there already" in again.stderr
    assert len(list(out.iterdir())) == 30


@pytest.mark.slow
def test_two_commands_on_one_folder_make_each_product_once(make_frame, tmp_path):
    (tmp_path / "in").mkdir()
    for number in range(32082001, 32082011):
        (tmp_path / "in" / f"{number}.fts").write_bytes(make_frame(missing=((20, 10),), FILENAME=f"{number}.fts"))
    command = [
        sys.executable, "-m", "corinpaint.cli.main", "restore", tmp_path / "in", "-o", tmp_path / "out", "--fill",
        "harmonic", "-j", "1",
    ]  # fmt: skip
    runs = [subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    told = [run.communicate(timeout=100) for run in runs]
    assert [run.returncode for run in runs] == [0, 0], told
    assert sum(stdout.count("\n") for stdout, _ in told) == 10
    assert sorted(path.suffix for path in (tmp_path / "out").iterdir()) == [".fits"] * 10
