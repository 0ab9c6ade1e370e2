"""How the log-polar design is trained: runs, killed and resumed, and shared by processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import log_polar_run
import pytest
import torch
from log_polar_run import SCENES
from noise_scenes import SIDE, log_polar_config, small_log_polar

from corinpaint.lasco.errors import TrainingError
from corinpaint.model.checkpoint import load_checkpoint, save_checkpoint
from corinpaint.model.log_polar import LogPolarConfig, LogPolarStack
from corinpaint.model.log_polar_config import EXTRAS, INPUTS
from corinpaint.model.stack import LayerStack, StackConfig
from corinpaint.model.unet import UNetConfig
from corinpaint.train.log_polar import recipe as log_polar
from corinpaint.train.log_polar.recipe import LogPolarRecipe
from corinpaint.train.loop import train, train_on
from corinpaint.train.recipe import Step, collate
from corinpaint.train.state import load_state

SCRIPT = Path(log_polar_run.__file__)


@pytest.fixture(autouse=True)
def one_thread():
    before = torch.get_num_threads()
    yield torch.set_num_threads(1)
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def small(tmp_path_factory):
    return small_log_polar(tmp_path_factory.mktemp("small") / "small.safetensors")


@pytest.fixture(scope="module")
def whole(tmp_path_factory, small):
    """Folder of a run from its start to its end in one process."""
    folder = tmp_path_factory.mktemp("whole")
    torch.set_num_threads(1)
    train_on(log_polar_config(folder, small), SCENES)
    return folder


def lines(folder):
    return [json.loads(line) for line in (folder / "metrics.jsonl").read_text().splitlines()]


def in_a_process(launcher, folder, small, *words):
    values = json.dumps({"run_dir": str(folder), "init": str(small), "save_minutes": 0})
    environment = {
        **os.environ,
        "OMP_NUM_THREADS": "1",
        "PYTHONPATH": os.pathsep.join([str(SCRIPT.parent), os.environ.get("PYTHONPATH", "")]),
    }
    return subprocess.run(
        [sys.executable, *launcher, str(SCRIPT), values, *map(str, words)],
        env=environment,
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


@pytest.mark.slow
def test_a_run_leaves_weights_that_say_how_they_were_made(whole):
    model, info = load_checkpoint(whole / "corinpaint.safetensors")

    assert info.domain == "sequence"
    assert info.training["loss_weights"] == {"fill": 1.0, "interval": 0.1, "perceptual": 0.0, "style": 0.0}
    assert set(info.training["losses"]) == {"fill", "interval", "total"}
    assert info.training["validation"]["over_prior"] > 0
    assert info.training["validation_of_prior"]["over_prior"] == 1
    first = {"name": "0.fts", "kind": "summed", "sha256": "0" * 64, "day": "day 0"}
    assert first in info.data["training"] + info.data["validation"]
    assert model.multiple == 64


def test_the_run_folder_records_what_was_done(whole):
    config = json.loads((whole / "config.json").read_text())

    assert config["preset"] == "log-polar"
    assert config["revision"] is None or len(config["revision"]) == 40
    assert [line["step"] for line in lines(whole)] == [2, 4]
    assert lines(whole)[0]["prior"].keys() == lines(whole)[0]["validation"].keys()
    assert sorted(path.name for path in (whole / "pictures").iterdir()) == ["0000002.png", "0000004.png"]
    assert len(list(whole.glob("events.out.tfevents.*"))) == 1


def test_the_average_of_the_weights_is_what_is_saved(whole):
    state = load_state(whole / "last.ckpt")
    best, info = load_checkpoint(whole / "corinpaint.safetensors")

    name = "layers.0.last.weight"
    assert not torch.equal(state["average"][name], state["model"][name])
    if info.training["steps"] == 4:
        assert torch.equal(best.state_dict()[name][0], state["average"][name][0])  # the scale, the other, is corrected
    else:
        assert not torch.equal(best.state_dict()[name][0], state["model"][name][0])


@pytest.mark.slow
def test_training_beats_the_smooth_prior_on_rays(tmp_path, small):
    more = {"steps": 60, "validate_every": 60, "batch": 4, "learning_rate": 1e-2}

    train_on(log_polar_config(tmp_path, small, **more), SCENES)

    assert lines(tmp_path)[-1]["validation"]["over_prior"] < 0.995


@pytest.mark.slow
def test_a_run_killed_at_once_and_resumed_is_bit_identical_to_the_unbroken_one(tmp_path, small, whole):
    killed = in_a_process((), tmp_path, small, 3)
    assert killed.returncode == -9, killed.stderr
    assert load_state(tmp_path / "last.ckpt")["progress"]["step"] == 2

    train_on(log_polar_config(tmp_path, small, resume=True), SCENES)

    first, second = (load_state(folder / "last.ckpt") for folder in (whole, tmp_path))
    for part in ("model", "average"):
        assert all(torch.equal(first[part][name], second[part][name]) for name in first[part])
    keys = ("step", "losses", "validation")
    assert [[line[key] for key in keys] for line in lines(whole)] == [
        [line[key] for key in keys] for line in lines(tmp_path)
    ]


@pytest.mark.slow
def test_two_processes_train_as_one_does(tmp_path, small, whole):
    launcher = ("-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2")
    run = in_a_process(launcher, tmp_path, small)
    assert run.returncode == 0, run.stderr

    alone, shared = (load_state(folder / "last.ckpt") for folder in (whole, tmp_path))
    assert shared["progress"]["step"] == 4
    for line, other in zip(lines(whole), lines(tmp_path), strict=True):
        assert other["losses"] == pytest.approx(line["losses"], rel=1e-4)
    for name, weight in alone["model"].items():
        torch.testing.assert_close(shared["model"][name], weight, rtol=0, atol=2e-5)


@pytest.mark.slow
def test_workers_make_the_same_windows(tmp_path, small, whole):
    train_on(log_polar_config(tmp_path, small, workers=1), SCENES)

    states = [load_state(folder / "last.ckpt")["model"] for folder in (whole, tmp_path)]
    assert all(torch.equal(states[0][name], states[1][name]) for name in states[0])


@pytest.mark.slow
def test_half_precision_trains_close_to_full(tmp_path, small, whole):
    train_on(log_polar_config(tmp_path, small, precision="bf16"), SCENES)

    assert lines(tmp_path)[-1]["losses"]["fill"] == pytest.approx(lines(whole)[-1]["losses"]["fill"], rel=0.05)


@pytest.mark.slow
def test_layers_are_compiled_on_request(tmp_path, small, monkeypatch):
    compiled = []
    monkeypatch.setattr(torch.nn.Module, "compile", lambda module: compiled.append(module))

    train_on(log_polar_config(tmp_path, small, steps=1, compile=True), SCENES)

    assert len(compiled) == 1


@pytest.mark.slow
def test_train_reads_its_scenes(tmp_path, small, monkeypatch):
    monkeypatch.setattr(log_polar, "load_scenes", lambda *_: SCENES)

    assert train(log_polar_config(tmp_path, small, steps=2)).exists()


def test_the_pixel_that_the_interval_is_compared_with_depends_on_the_step_alone(tmp_path, small, monkeypatch):
    recipe = LogPolarRecipe(log_polar_config(tmp_path, small))
    seen = []
    monkeypatch.setattr(log_polar, "losses", lambda *arguments: seen.append(arguments[4]))
    batch = collate([recipe.prepare(SCENES).samples[0]])

    for step in (*range(12), 3):
        recipe.losses(recipe.forward(batch), batch, Step(step, lambda number: number))

    assert seen[-1] == seen[3]
    assert len(set(seen)) > 5


def test_losses_of_features_are_added_where_they_have_a_weight(tmp_path, small):
    weights = {"perceptual": 2.0, "style": 3.0}
    plain = LogPolarRecipe(log_polar_config(tmp_path, small, vgg="none"))
    recipe = LogPolarRecipe(log_polar_config(tmp_path, small, vgg="random", weights=weights))
    batch = collate([recipe.prepare(SCENES).samples[0]])
    step = Step(0, lambda number: number)

    terms, others = (one.losses(one.forward(batch), batch, step) for one in (recipe, plain))

    assert set(terms) - set(others) == {"perceptual", "style"}
    torch.testing.assert_close(terms["total"], others["total"] + 2 * terms["perceptual"] + 3 * terms["style"])
    with pytest.raises(TrainingError, match="need VGG features"):
        LogPolarRecipe(log_polar_config(tmp_path, small, vgg="none", weights=weights))


def test_training_begins_with_a_network_that_knows_a_single_context_frame(tmp_path):
    unet = UNetConfig(base=4, depth=2, max_width=8, bottom=1, residual=1, inputs=INPUTS, extras=EXTRAS, outputs=2)
    single = LogPolarStack(LogPolarConfig(unet=unet))
    save_checkpoint(tmp_path / "single.safetensors", single)

    model = LogPolarRecipe(log_polar_config(tmp_path, tmp_path / "single.safetensors", layers=3)).model

    assert (model.domain, len(model.layers)) == ("sequence", 3)
    assert torch.equal(model.layers[2].down[0].weight, single.layers[0].down[0].weight)


def test_the_preset_of_levels_makes_a_network_for_them_and_takes_none_for_others(tmp_path, small):
    unet = UNetConfig(base=4, depth=2, max_width=8, bottom=1, residual=1, inputs=INPUTS, extras=EXTRAS, outputs=2)
    save_checkpoint(tmp_path / "single.safetensors", LogPolarStack(LogPolarConfig(unet=unet)))

    made = LogPolarRecipe(log_polar_config(tmp_path, tmp_path / "single.safetensors", preset="log-polar-levels"))

    assert made.model.domain == "sequence-levels"
    with pytest.raises(TrainingError, match="sees levels of noise, 'log-polar-levels' those of histogram"):
        LogPolarRecipe(log_polar_config(tmp_path, small, preset="log-polar-levels"))


def test_what_does_not_fit_is_refused(tmp_path, small):
    with pytest.raises(TrainingError, match="multiple of 64"):
        LogPolarRecipe(log_polar_config(tmp_path, small, crop=SIDE + 1))
    with pytest.raises(TrainingError, match="has 1 layers, not 2"):
        LogPolarRecipe(log_polar_config(tmp_path, small, layers=2))
    other = tmp_path / "other.safetensors"
    save_checkpoint(other, LayerStack(StackConfig(unet=UNetConfig(base=4, depth=3, max_width=8))))
    with pytest.raises(TrainingError, match="published design"):
        LogPolarRecipe(log_polar_config(tmp_path, other))
