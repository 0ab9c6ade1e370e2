"""The training loop on small scenes with a small network."""

import json
import os
import signal

import numpy as np
import pytest
import torch

from corinpaint.lasco.errors import CheckpointError, TrainingError
from corinpaint.model.checkpoint import load_checkpoint, save_checkpoint
from corinpaint.model.prior import PriorConfig
from corinpaint.model.stack import LayerStack, StackConfig
from corinpaint.model.unet import UNetConfig
from corinpaint.train import loop
from corinpaint.train.config import TrainConfig
from corinpaint.train.equalised import recipe
from corinpaint.train.equalised.scenes import Scene
from corinpaint.train.loop import train, train_on
from corinpaint.train.reports import progress
from corinpaint.train.state import load_state


def make_scene(day):
    rng = np.random.default_rng(day)
    rows, columns = np.mgrid[:256, :256]
    grating = 0.1 * np.sin(np.hypot(rows - 300, columns + 50) / rng.uniform(9, 11) + rng.uniform(0, 6))
    image = 0.5 + 0.2 * np.sin(rows / 90 + day) + grating + rng.normal(0, 0.01, rows.shape)
    known = np.ones(image.shape, dtype=bool)
    known[:40, :40] = False
    return Scene(
        (image * known).astype(np.float32), known, (-50.0, 300.0), f"{day}.fts", f"day {day}", "real", f"{day:064x}"
    )


SCENES = [make_scene(day) for day in range(4)]


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    yield torch.set_num_threads(1)
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    path = tmp_path_factory.mktemp("small") / "small.safetensors"
    torch.manual_seed(0)
    unet = UNetConfig(base=4, depth=3, max_width=8, bottom=1)
    save_checkpoint(path, LayerStack(StackConfig(unet=unet, pyramid=PriorConfig(coarsest=6))))
    return path


def config(run_dir, small, **more):
    values = {
        "preset": "pretrain",
        "weights": {"alpha_3": 0.0, "alpha_4": 0.0, "alpha_5": 0.0},
        "steps": 4,
        "crop": 128,
        "batch": 2,
        "validate_every": 2,
        "validation_crops": 4,
        "init": small,
        "accelerator": "cpu",
    }
    return TrainConfig(run_dir, **(values | more))


def lines(run_dir):
    return [json.loads(line) for line in (run_dir / "metrics.jsonl").read_text().splitlines()]


def interrupt_after(step, monkeypatch, action):
    original = loop._Run._step

    def interrupted(run, batch):
        original(run, batch)
        if run.progress.step == step:
            action()

    monkeypatch.setattr(loop._Run, "_step", interrupted)


def kill():
    raise KeyboardInterrupt


def same_weights(first, second):
    return all(torch.equal(a, b) for a, b in zip(first.values(), second.values(), strict=True))


@pytest.mark.slow
def test_a_run_leaves_weights_that_say_how_they_were_made(tmp_path, small):
    path = train_on(config(tmp_path, small), SCENES)

    stack, info = load_checkpoint(path)
    assert path == tmp_path / "corinpaint.safetensors"
    assert stack.config == load_checkpoint(small)[0].config
    assert info.training["steps"] in (2, 4)
    assert info.training["samples"] == 2 * info.training["steps"]
    assert info.training["settings"]["preset"] == "pretrain"
    assert info.training["loss_weights"]["alpha_1"] == 6
    assert info.training["validation"]["over_prior"] > 0
    assert info.training["validation_of_prior"]["over_prior"] == 1
    assert set(info.training["losses"]) == {"pixel_inner", "pixel_diff", "total"}
    assert info.training["seconds"] > 0
    assert "CPU" in info.training["hardware"]
    assert {"name": "0.fts", "kind": "real", "sha256": "0" * 64, "day": "day 0"} in info.data["training"] + info.data[
        "validation"
    ]
    assert str(tmp_path) not in json.dumps([info.training, info.data])


@pytest.mark.slow
def test_metrics_and_tensorboard_events_are_written(tmp_path, small):
    train_on(config(tmp_path, small, steps=5), SCENES)

    assert [line["step"] for line in lines(tmp_path)] == [2, 4, 5]
    assert lines(tmp_path)[0]["prior"]["over_prior"] == 1
    assert len(list(tmp_path.glob("events.out.tfevents.*"))) == 1


@pytest.mark.slow
def test_training_beats_the_smooth_prior_on_a_structured_scene(tmp_path, small):
    more = {"preset": "first", "weights": {}, "learning_rate": 5e-3, "batch": 4}

    train_on(config(tmp_path, small, steps=60, validate_every=60, **more), SCENES)

    assert lines(tmp_path)[-1]["validation"]["over_prior"] < 0.97


@pytest.mark.slow
@pytest.mark.parametrize("step", [2, 3])
def test_a_killed_and_resumed_run_ends_with_the_same_weights_as_an_unbroken_one(tmp_path, small, monkeypatch, step):
    train_on(config(tmp_path / "whole", small), SCENES)
    with monkeypatch.context() as patch:
        interrupt_after(step, patch, kill)
        with pytest.raises(KeyboardInterrupt):
            train_on(config(tmp_path / "broken", small, save_minutes=0), SCENES)

    train_on(config(tmp_path / "broken", small, resume=True), SCENES)

    whole, broken = (load_state(tmp_path / name / "last.ckpt") for name in ("whole", "broken"))
    assert broken["progress"]["step"] == 4
    assert same_weights(whole["model"], broken["model"])
    keys = ("step", "losses", "validation")
    assert [[line[key] for key in keys] for line in lines(tmp_path / "whole")] == [
        [line[key] for key in keys] for line in lines(tmp_path / "broken")
    ]


def test_a_termination_signal_saves_and_ends_the_run_between_two_steps(tmp_path, small, monkeypatch):
    interrupt_after(3, monkeypatch, lambda: os.kill(os.getpid(), signal.SIGTERM))

    path = train_on(config(tmp_path, small), SCENES)

    assert path == tmp_path / "last.ckpt"
    assert load_state(path)["progress"]["step"] == 3
    assert not (tmp_path / "corinpaint.safetensors").exists()


def test_the_run_ends_when_its_time_is_over(tmp_path, small):
    path = train_on(config(tmp_path, small, steps=1000, max_minutes=1e-6), SCENES)

    assert path.name == "corinpaint.safetensors"
    assert load_state(tmp_path / "last.ckpt")["progress"]["step"] == 1


def test_the_learning_rate_warms_up_and_falls_to_zero(tmp_path, small):
    run = loop._Run(config(tmp_path, small, preset="first", learning_rate=1.0, steps=1000), SCENES)
    rates = []
    for step in (0, 50, 100, 500, 1000):
        run.progress.step = step
        rates.append(run._learning_rate())
    run.close()

    assert rates[0] < rates[1] < rates[2]
    assert rates[2] > rates[3] > rates[4] == 0


def test_the_learning_rate_can_follow_the_clock(tmp_path, small):
    more = {"preset": "first", "learning_rate": 1.0, "schedule": "minutes", "max_minutes": 10}
    run = loop._Run(config(tmp_path, small, steps=10**6, **more), SCENES)
    run.progress.step, run.progress.seconds = 500, 300

    rate = run._learning_rate()
    run.close()

    assert rate == pytest.approx(0.5, abs=0.01)


@pytest.mark.slow
def test_worker_processes_give_the_same_crops(tmp_path, small):
    train_on(config(tmp_path / "none", small, steps=2), SCENES)
    train_on(config(tmp_path / "one", small, steps=2, workers=1), SCENES)

    states = [load_state(tmp_path / name / "last.ckpt")["model"] for name in ("none", "one")]
    assert same_weights(*states)


@pytest.mark.slow
def test_perceptual_terms_train_with_random_features_by_explicit_choice(tmp_path, small):
    train_on(config(tmp_path, small, steps=1, batch=1, weights={}, vgg="random"), SCENES)

    assert {"perceptual", "style_inner", "style_diff"} <= lines(tmp_path)[0]["losses"].keys()


def test_perceptual_terms_without_features_are_refused(tmp_path, small):
    with pytest.raises(TrainingError, match="need VGG features"):
        train_on(config(tmp_path, small, weights={}, vgg="none"), SCENES)


def test_a_gradient_that_is_not_finite_ends_the_run_with_a_remedy(tmp_path, small, monkeypatch):
    real = recipe.losses

    def broken(*arguments):
        return {name: value * float("nan") for name, value in real(*arguments).items()}

    monkeypatch.setattr(recipe, "losses", broken)

    with pytest.raises(TrainingError, match=r"step 1: .* lower learning rate"):
        train_on(config(tmp_path, small), SCENES)


def test_a_crop_that_does_not_fit_the_network_is_refused(tmp_path, small):
    with pytest.raises(TrainingError, match="multiple of 64"):
        train_on(config(tmp_path, small, crop=96), SCENES)


def test_layers_that_differ_from_the_checkpoint_to_start_from_are_refused(tmp_path, small):
    with pytest.raises(TrainingError, match="has 2 layers, not 3"):
        train_on(config(tmp_path, small, layers=3), SCENES)


def test_a_missing_checkpoint_to_start_from_is_refused(tmp_path, small):
    with pytest.raises(CheckpointError, match="no such checkpoint"):
        train_on(config(tmp_path, small, init=tmp_path / "gone.safetensors"), SCENES)


def test_train_reads_its_scenes_and_does_not_touch_a_finished_run(tmp_path, small, monkeypatch):
    monkeypatch.setattr(recipe, "load_scenes", lambda *_: SCENES)

    path = train(config(tmp_path / "run", small, steps=2))

    assert path.exists()
    assert json.loads((tmp_path / "run" / "config.json").read_text())["steps"] == 2
    with pytest.raises(TrainingError, match="already holds a run"):
        train(config(tmp_path / "run", small, steps=2))


def test_mixed_precision_trains_and_keeps_observed_pixels_bit_for_bit(tmp_path, small, monkeypatch):
    mixed = loop.Fabric(accelerator="cpu", devices=1, precision="bf16-mixed")
    monkeypatch.setattr(loop, "_fabric", lambda _: mixed)
    seen = []
    original = recipe.losses

    def watched(output, target, *more):
        seen.append((output, target))
        return original(output, target, *more)

    monkeypatch.setattr(recipe, "losses", watched)
    train_on(config(tmp_path, small, steps=2), SCENES)
    output, target = seen[-1]
    observed = (output.masks[0] * target.known) > 0
    assert output.predictions[-1].dtype in (torch.bfloat16, torch.float32)
    assert torch.equal(output.filled[-1][observed], target.truth[observed])


@pytest.mark.slow
def test_a_resume_that_is_refused_leaves_the_configuration_as_it_was(tmp_path, small):
    train_on(config(tmp_path, small), SCENES)
    before = (tmp_path / "config.json").read_text()
    with pytest.raises(TrainingError, match="learning_rate"):
        train(config(tmp_path, small, resume=True, learning_rate=5.0, simulated=1))
    assert (tmp_path / "config.json").read_text() == before


def test_losses_are_recorded_and_told_every_minute_between_validations(tmp_path, small, monkeypatch):
    monkeypatch.setattr(progress, "MINUTE", 1e-9)
    monkeypatch.setattr(recipe, "load_scenes", lambda *_: SCENES)
    told = []

    train(config(tmp_path / "run", small, steps=3, validate_every=3), told.append)

    first, second, last = lines(tmp_path / "run")
    assert [one["step"] for one in (first, second, last)] == [1, 2, 3]
    assert first["losses"]["total"] > 0
    assert "validation" not in first
    assert "validation" in last
    assert len(told) == 3
