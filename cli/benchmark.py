"""`corinpaint benchmark`: how well every method fills holes in real frames."""

from __future__ import annotations

from pathlib import Path

import click

from corinpaint.cli import common
from corinpaint.cli.progress import Progress
from corinpaint.lasco.errors import CorInpaintError, NoFrameError
from corinpaint.restore.methods import registry

SIZES = "1,2x2,3x3,4x4,1x6,6x1,cluster"

SIDES = ("earlier", "1+1", "2+2")
"""As `corinpaint.evaluate.context_frames.SIDES`, which is slow to import."""

STAR_DN = 6000.0
"""As `corinpaint.evaluate.comparison.STAR_DN`, likewise."""

ALSO = ("stars", "flicker", "mass")
"""As `corinpaint.evaluate.comparison.ALSO`, likewise."""


@click.command("benchmark")
@common.inputs_argument
@common.output_option
@click.option(
    "--method",
    "methods",
    multiple=True,
    type=click.Choice(["network", "network+context", *registry.METHODS]),
    help="Method to compare; the first is compared with each of the others. By default the network and every method "
    "that is installed.",
)
@click.option(
    "--model",
    "models",
    multiple=True,
    type=click.Path(path_type=Path, dir_okay=False),
    help="Other weights to compare (.onnx, .pt or .safetensors); they come first.",
)
@click.option(
    "--sizes",
    default=SIZES,
    show_default=True,
    help="Sizes of holes, blocks; also run16, run32, run64 and run128, runs of consecutive blocks in the order of "
    "telemetry. A size that is no run may end in @occulter or @pylon: holes beside the occulter, or towards the pylon.",
)
@click.option(
    "--holes", type=click.IntRange(1, 50), default=6, show_default=True, help="Maximum number of holes of a size."
)
@click.option(
    "--context",
    type=click.IntRange(0, 9),
    default=0,
    show_default=True,
    help="Maximum number of earlier frames of INPUT that network+context, temporal, neighbours and motion fill from.",
)
@click.option(
    "--context-sides",
    "sides",
    multiple=True,
    type=click.Choice(SIDES),
    help="Context of temporal and network+context: earlier frames as --context says (the default), or the nearest one "
    "or two on both sides; given more than once, each is a method of its own. It needs frames on all sides.",
)
@click.option(
    "--also",
    multiple=True,
    type=click.Choice(ALSO),
    help="Measure also: stars beside holes, which must not move the fill; flicker of the fill along sequences; "
    "mass in base differences of sequences.",
)
@click.option(
    "--star-dn",
    type=click.FloatRange(min=1),
    default=STAR_DN,
    show_default=True,
    help="Peak of the stars of --also stars.",
)
@click.option("--seed", type=click.IntRange(0), default=0, show_default=True, help="Seed of the places of the holes.")
@click.option("--draws", type=click.IntRange(10), default=200, show_default=True, help="Draws of the bootstrap.")
@click.option("--pictures/--no-pictures", default=True, show_default=True, help="Draw worst, middle and best holes.")
@click.option(
    "--threads", type=click.IntRange(0), default=0, show_default=True, help="CPU threads of the network; 0 = all."
)
@common.calibration_option
def command(
    inputs: tuple[Path, ...],
    output: Path,
    methods: tuple[str, ...],
    models: tuple[Path, ...],
    sizes: str,
    holes: int,
    context: int,
    sides: tuple[str, ...],
    also: tuple[str, ...],
    star_dn: float,
    seed: int,
    draws: int,
    pictures: bool,
    threads: int,
    calibration: Path | None,
) -> None:
    """Compare fills on real Level 0.5 frames: put holes into them, fill them, compare with what was observed there.

    INPUT are complete frames of C2 or C3, or folders of them. The folder receives benchmark.md and benchmark.html
    (tables and pictures), and CSV files with a row for every hole. The same seed gives the same holes and figures.

    Frames that the weights were trained on are told on standard error and in the pages: their figures are too good.
    """
    from corinpaint.evaluate import comparison, training_data
    from corinpaint.evaluate.benchmark import Plan
    from corinpaint.evaluate.context_frames import EARLIER, ContextFrames, parse_sides
    from corinpaint.evaluate.methods import WITH_CONTEXT, load_methods, networks
    from corinpaint.lasco.photometry.optics import load_calibration_set

    def skipped(message: str) -> None:
        common.say(f"left out: {message}", err=True)

    files: list[Path] = []
    for item in common.frames(inputs):
        if isinstance(item, NoFrameError):
            skipped(str(item))
        else:
            files.append(item.path)
    try:
        plan = Plan(tuple(size.strip() for size in sizes.split(",") if size.strip()), holes, seed)
        chosen = methods or (() if models else ("network", *registry.installed()))
        kinds = [parse_sides(name, context) for name in sides or (EARLIER,)]
        before, after = max(kind.before for kind in kinds), max(kind.after for kind in kinds)
        with_context = bool(before or after)
        if with_context and not methods:
            chosen = (*chosen, *(() if models else (WITH_CONTEXT,)), *sorted(registry.NEED_CONTEXT))
        loaded, weights = load_methods(chosen, models, threads, with_context=with_context, sides=kinds)
        trained = training_data.describe(files, networks(chosen, models, threads))
        for warning in trained.warnings:
            common.say(f"Warning: {warning}", err=True)
        calibration_set = load_calibration_set(calibration)
        progress = Progress("benchmark")
        made = comparison.compare(
            files,
            loaded,
            plan,
            calibration_set,
            output,
            {"weights": weights, "calibration": calibration_set.kind},
            comparison.Settings(draws, pictures, also, star_dn, trained.notes),
            ContextFrames(files, before, after) if with_context else None,
            skipped,
            progress,
        )
        progress.close()
    except CorInpaintError as error:
        raise common.fail(error) from error
    common.say("\n".join(str(path) for path in made))
