"""`corinpaint train`: train a network, or resume a run."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import click

from corinpaint.cli import common
from corinpaint.train.presets import DEPRECATED, FEATURES, LEVELS, LOG_POLAR, PRESETS


def _current_preset(_: click.Context, __: click.Parameter, value: str) -> str:
    """The preset's name in this version; says so where the given one is of an earlier version."""
    if value in DEPRECATED:
        common.say(f"--preset {value} is deprecated; use --preset {DEPRECATED[value]}", err=True)
    return DEPRECATED.get(value, value)


@click.command("train")
@click.option("-o", "--run", "run_dir", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder.")
@click.option(
    "--data",
    "data_dir",
    type=click.Path(path_type=Path, exists=True, file_okay=False),
    help="Folder of Level 0.5 frames.",
)
@click.option("--simulated", type=click.IntRange(0), default=0, show_default=True, help="Simulated frames to add.")
@click.option("--simulated-seed", type=click.IntRange(0), default=0, show_default=True, help="Their first seed.")
@click.option(
    "--preset",
    type=click.Choice([*PRESETS, *DEPRECATED]),
    metavar=f"[{'|'.join(PRESETS)}]",
    callback=_current_preset,
    default=LOG_POLAR,
    show_default=True,
    help=f"{LOG_POLAR}: the network that is shipped, which fills log-polar windows; "
    f"{FEATURES}: the same with perceptual and style losses; {LEVELS}: the same in levels of the histogram; "
    "pretrain and finetune: as published; first: the same with pixel terms only, for a CPU.",
)
@click.option("--steps", type=click.IntRange(1), default=10_000, show_default=True, help="Optimiser steps.")
@click.option(
    "--minutes",
    "max_minutes",
    type=click.FloatRange(min=0, min_open=True),
    help="End after this time; --resume continues.",
)
@click.option(
    "--schedule",
    type=click.Choice(["steps", "minutes"]),
    default="steps",
    show_default=True,
    help="Whether the learning rate follows the steps or the share of --minutes.",
)
@click.option("--batch", type=click.IntRange(1), help="Samples per step, in place of the preset's.")
@click.option(
    "--lr",
    "learning_rate",
    type=click.FloatRange(min=0, min_open=True),
    help="Learning rate, in place of the preset's.",
)
@click.option("--layers", type=click.IntRange(1), help="Layers L of the stack, in place of the preset's.")
@click.option("--crop", type=click.IntRange(128), help="Side of the samples, px, in place of the preset's.")
@click.option("--lambda-1", type=click.FloatRange(0), help="Weight of the total variation across the seam.")
@click.option("--lambda-2", type=click.FloatRange(0), help="Weight of the radial brightness profile.")
@click.option(
    "--vgg",
    default="download",
    show_default=True,
    help="VGG19 features of perceptual and style terms: download, random, none, or a file of torchvision's weights.",
)
@click.option("--init", type=click.Path(path_type=Path, exists=True, dir_okay=False), help="Checkpoint to start from.")
@click.option("--resume", is_flag=True, help="Resume from the run folder's last checkpoint.")
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of weights, crops and holes.")
@click.option("--threads", type=click.IntRange(1), help="CPU threads of torch.")
@click.option("--workers", type=click.IntRange(0), default=0, show_default=True, help="Processes that make samples.")
@click.option(
    "--validate-every", type=click.IntRange(1), default=250, show_default=True, help="Steps between validations."
)
@click.option(
    "--accelerator", type=click.Choice(["auto", "cpu", "cuda"]), default="auto", show_default=True, help="Device."
)
@click.option(
    "--precision",
    type=click.Choice(["auto", "full", "bf16"]),
    default="auto",
    show_default=True,
    help="Precision of the convolutions; auto: bfloat16 on a GPU.",
)
@click.option("--compile", is_flag=True, help="Compile the layers with torch.compile.")
@common.calibration_option
def command(lambda_1: float | None, lambda_2: float | None, calibration: Path | None, **settings: Any) -> None:
    """Train a network on Level 0.5 frames and simulated ones.

    The run folder receives the configuration, metrics, TensorBoard events, checkpoints that a stopped run resumes from
    (--resume), and at the end corinpaint.safetensors, which describes itself. `tensorboard --logdir RUN` shows it live.

    On several GPUs or processes: `torchrun --nproc_per_node 8 --no-python corinpaint train ...`; the batch is that of
    all of them together.
    """
    from corinpaint.lasco.errors import CorInpaintError

    try:
        from corinpaint.train.config import TrainConfig
        from corinpaint.train.loop import train
    except ImportError as error:
        raise click.ClickException(f"{error.name} is not installed; install corinpaint[train]") from error
    given = {"lambda_1": lambda_1, "lambda_2": lambda_2}
    weights = {name: value for name, value in given.items() if value is not None}
    try:
        config = TrainConfig(weights=weights, calibration_dir=calibration, **settings)
        path = train(config, lambda text: common.say(text, err=True))
    except CorInpaintError as error:
        raise common.fail(error) from error
    if os.environ.get("RANK", "0") == "0":  # one of the processes that torchrun started is enough
        common.say(str(path))
