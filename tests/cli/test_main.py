"""The command itself: help and version."""

from __future__ import annotations

import subprocess
import sys

import pytest


def test_help_names_every_command_and_needs_no_heavy_import():
    program = (
        "import sys\nfrom corinpaint.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "sys.exit(bool({'torch', 'astropy', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    for name in ("restore", "calibrate", "inspect", "client", "calibration", "simulate", "train", "export", "serve"):
        assert name in done.stdout


@pytest.mark.parametrize(
    "words",
    [
        ["restore"],
        ["calibrate"],
        ["inspect"],
        ["client"],
        ["calibration"],
        ["calibration", "fetch"],
        ["simulate"],
        ["train"],
        ["export"],
        ["export", "mar"],
        ["serve"],
    ],
)
def test_every_command_has_help(run, words):
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert len(result.output) > 200


def test_version(run):
    assert run("--version").output.startswith("corinpaint, version ")
