"""The command line: batches, exit codes, outputs."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import level05
import numpy as np
import pytest
from astropy.io import fits
from click.testing import CliRunner, Result

from corinpaint.cli.main import main
from corinpaint.restore import backends


@pytest.fixture
def run(monkeypatch, echo):
    """Run `corinpaint ...` in this process, with a stand-in for the network."""
    monkeypatch.setattr(backends, "load", lambda *_: echo)
    monkeypatch.delenv("CORINPAINT_CALIBRATION", raising=False)

    def invoke(*words: object) -> Result:
        return CliRunner().invoke(main, [str(word) for word in words])

    return invoke


@pytest.fixture
def frame_path(make_frame, tmp_path) -> Path:
    path = tmp_path / "in" / "32082037.fts"
    path.parent.mkdir()
    path.write_bytes(make_frame(lost=((20, 20),)))
    return path


def test_help_names_every_command_and_needs_no_heavy_import():
    program = (
        "import sys\nfrom corinpaint.cli.main import main\n"
        "try: main(['--help'])\nexcept SystemExit: pass\n"
        "sys.exit(bool({'torch', 'astropy', 'numpy'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], check=True, capture_output=True, text=True)
    for name in ("restore", "inspect", "simulate", "train", "export"):
        assert name in done.stdout


@pytest.mark.parametrize("words", [["restore"], ["inspect"], ["simulate"], ["train"], ["export"], ["export", "mar"]])
def test_every_command_has_help(run, words):
    result = run(*words, "--help")
    assert result.exit_code == 0
    assert len(result.output) > 200


def test_version(run):
    assert run("--version").output.startswith("corinpaint, version ")


def test_a_frame_is_restored_into_the_folder(run, frame_path, tmp_path):
    result = run("restore", frame_path, "-o", tmp_path / "out", "--png", "--json")
    assert result.exit_code == 0, result.output
    assert "1 blocks lost, 1 filled" in result.output
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["35082037.fits", "35082037.json", "35082037.png"]
    assert json.loads((tmp_path / "out" / "35082037.json").read_text())["blocks"]["filled"] == [660]
    assert fits.getheader(tmp_path / "out" / "35082037.fits")["NFILLED"] == 1


def test_a_folder_stands_for_its_frames(run, frame_path, tmp_path):
    assert run("restore", frame_path.parent, "-o", tmp_path / "out").exit_code == 0
    assert (tmp_path / "out" / "35082037.fits").is_file()


def test_a_file_that_fails_does_not_stop_the_rest_and_the_exit_code_says_so(run, frame_path, tmp_path):
    bad = tmp_path / "in" / "00bad.fts"
    bad.write_text("<html>")
    result = run("restore", bad, frame_path, tmp_path / "absent.fts", "-o", tmp_path / "out")
    assert result.exit_code == 1
    assert "00bad.fts" in result.stderr
    assert "absent.fts" in result.stderr
    assert "2 of 3 files failed" in result.stderr
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["35082037.fits"]
    assert bad.read_text() == "<html>"


def test_every_kind_of_damaged_file_is_one_clear_line_and_the_good_one_comes_through(run, frame_path, tmp_path):
    names = {}
    for index, (kind, (damage, _)) in enumerate(level05.ALL.items()):
        path = frame_path.parent / f"bad{index:02d}.fts"
        path.write_bytes(damage())
        names[path.name] = kind
    result = run("restore", frame_path.parent, "-o", tmp_path / "out")
    assert result.exit_code == 1
    lines = [line for line in result.stderr.splitlines() if line.startswith("Error: ")]
    assert len(lines) == len(names)
    assert all(any(name in line for line in lines) for name in names)
    assert not [line for line in lines if "unexpected" in line or "Traceback" in line]
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["35082037.fits"]


def test_two_inputs_never_share_one_product(run, frame_path, tmp_path):
    twin = tmp_path / "twin" / "32082037.fts"
    twin.parent.mkdir()
    twin.write_bytes(frame_path.read_bytes())
    result = run("restore", frame_path, twin, "-o", tmp_path / "out", "--overwrite")
    assert result.exit_code == 1
    assert "would replace" in result.stderr


def test_a_product_is_not_replaced_unless_asked(run, frame_path, tmp_path):
    words = ("restore", frame_path, "-o", tmp_path / "out")
    assert run(*words).exit_code == 0
    before = (tmp_path / "out" / "35082037.fits").read_bytes()
    again = run(*words)
    assert again.exit_code == 1
    assert "--overwrite" in again.stderr
    assert (tmp_path / "out" / "35082037.fits").read_bytes() == before
    assert run(*words, "--overwrite").exit_code == 0


def test_without_fill_no_network_is_opened(run, frame_path, tmp_path, monkeypatch):
    monkeypatch.setattr(backends, "load", lambda *_: pytest.fail("opened"))
    assert run("restore", frame_path, "-o", tmp_path / "out", "--fill", "none").exit_code == 0
    mask = fits.getdata(tmp_path / "out" / "35082037.fits", "MASK")
    assert np.count_nonzero(mask & 16) > 1000


def test_a_missing_calibration_folder_is_a_message(run, frame_path, tmp_path):
    result = run("restore", frame_path, "-o", tmp_path / "out", "--calibration", tmp_path / "nowhere")
    assert result.exit_code == 1
    assert "nowhere" in result.stderr
    assert not (tmp_path / "out").exists()


def test_inspect_writes_nothing_and_tells_the_zones(run, frame_path):
    result = run("inspect", frame_path)
    assert result.exit_code == 0
    assert "can be filled; blocks [660]" in result.output
    assert json.loads(run("inspect", "--json", frame_path).output)["lost"] == 1
    assert [p.name for p in frame_path.parent.iterdir()] == ["32082037.fts"]


def test_simulate_writes_a_frame_that_can_be_restored_and_its_truth(run, tmp_path):
    result = run("simulate", "-o", tmp_path / "sim", "--seed", 3, "--lost", 2)
    assert result.exit_code == 0, result.output
    (frame,) = (tmp_path / "sim").glob("*.fts")
    (truth,) = (tmp_path / "sim").glob("*_truth.fits")
    lost = fits.getdata(frame) != fits.getdata(truth, "COMPLETE")
    assert lost.sum() == pytest.approx(2 * 1024, rel=0.05)
    assert run("restore", frame, "-o", tmp_path / "out").exit_code == 0
    assert run("simulate", "-o", tmp_path / "sim", "--seed", 3).exit_code == 1


def test_export_says_what_is_missing(run, tmp_path):
    result = run("export", "onnx", "--checkpoint", tmp_path / "none.safetensors", "-o", tmp_path)
    assert result.exit_code == 1
    assert "none.safetensors" in result.stderr
    assert list(tmp_path.iterdir()) == []
