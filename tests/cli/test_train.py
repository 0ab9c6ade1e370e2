"""`corinpaint train`."""

from __future__ import annotations

import pytest

pytest.importorskip("lightning_fabric")
from corinpaint.lasco.errors import TrainingError
from corinpaint.train import loop


def test_the_options_reach_the_training(run, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(loop, "train", lambda config, _tell: seen.append(config) or tmp_path / "corinpaint.safetensors")
    words = ("--simulated", 3, "--preset", "finetune", "--steps", 7, "--lambda-1", 0.5, "--vgg", "none", "--lr", 1e-4)
    result = run("train", "-o", tmp_path / "run", *words)
    assert result.exit_code == 0, result.output
    assert "corinpaint.safetensors" in result.output
    (config,) = seen
    assert (config.simulated, config.preset, config.steps, config.vgg) == (3, "finetune", 7, "none")
    assert config.weights == {"lambda_1": 0.5}
    assert config.settings().learning_rate == 1e-4


def test_the_other_design_and_how_it_computes_can_be_chosen(run, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(loop, "train", lambda config, _tell: seen.append(config) or tmp_path / "corinpaint.safetensors")
    words = ("--simulated", 3, "--preset", "log-polar", "--crop", 256, "--precision", "bf16", "--compile")
    assert run("train", "-o", tmp_path / "run", *words).exit_code == 0
    run("train", "-o", tmp_path / "run", "--simulated", 3)
    config, plain = seen
    assert config.settings().design == "log-polar"
    assert (config.settings().crop, config.precision, config.compile) == (256, "bf16", True)
    assert (plain.settings().crop, plain.precision, plain.compile) == (384, "auto", False)


def test_the_preset_of_the_shipped_network_is_the_default(run, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(loop, "train", lambda config, _tell: seen.append(config) or tmp_path / "corinpaint.safetensors")
    assert run("train", "-o", tmp_path / "run", "--simulated", 3, "--minutes", 5, "--data", tmp_path).exit_code == 0
    (config,) = seen
    assert config.preset == config.settings().design == "log-polar"
    assert (config.max_minutes, config.data_dir, config.calibration_dir) == (5, tmp_path, None)


def test_what_the_training_tells_is_on_standard_error(run, tmp_path, monkeypatch):
    monkeypatch.setattr(loop, "train", lambda _, tell: tell("50 %, step 3") or tmp_path / "corinpaint.safetensors")
    result = run("train", "-o", tmp_path / "run", "--simulated", 3)
    assert "50 %, step 3" in result.stderr
    assert "50 %" not in result.stdout


def test_the_preset_name_of_earlier_versions_is_accepted_with_a_message(run, tmp_path, monkeypatch):
    seen = []
    monkeypatch.setattr(loop, "train", lambda config, _tell: seen.append(config) or tmp_path / "corinpaint.safetensors")
    result = run("train", "-o", tmp_path / "run", "--simulated", 3, "--preset", "straight")
    assert result.exit_code == 0, result.output
    assert seen[0].preset == "log-polar"
    assert "--preset straight is deprecated; use --preset log-polar" in result.stderr
    assert "straight" not in run("train", "--help").output


def test_a_training_that_cannot_start_is_a_message(run, tmp_path):
    result = run("train", "-o", tmp_path / "run", "--vgg", "none")
    assert result.exit_code == 1
    assert "Error" in result.stderr
    assert "Traceback" not in result.output


def test_a_run_that_fails_says_why(run, tmp_path, monkeypatch):
    def fail(_config, _tell):
        raise TrainingError("no day is left for validation", "add frames")

    monkeypatch.setattr(loop, "train", fail)
    assert "add frames" in run("train", "-o", tmp_path / "run").stderr
