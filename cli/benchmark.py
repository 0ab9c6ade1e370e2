"""`corinpaint benchmark`: how well every method fills holes in real frames."""

from __future__ import annotations

from pathlib import Path

import click

from corinpaint.cli import common
from corinpaint.lasco.errors import CorInpaintError, NoFrameError
from corinpaint.restore.methods import registry

SIZES = "1,2x2,3x3,4x4,1x6,6x1,cluster"


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
@click.option("--sizes", default=SIZES, show_default=True, help="Sizes of holes, blocks.")
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
    seed: int,
    draws: int,
    pictures: bool,
    threads: int,
    calibration: Path | None,
) -> None:
    """Compare fills on real Level 0.5 frames: put holes into them, fill them, compare with what was observed there.

    INPUT are complete frames of C2 or C3, or folders of them. The folder receives benchmark.md and benchmark.html
    (tables and pictures), and CSV files with a row for every hole. The same seed gives the same holes and figures.
    """
    from corinpaint.evaluate import comparison
    from corinpaint.evaluate.benchmark import Plan
    from corinpaint.evaluate.context_frames import ContextFrames
    from corinpaint.evaluate.methods import WITH_CONTEXT, load_methods
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
        if context and not methods:
            chosen = (*chosen, *(() if models else (WITH_CONTEXT,)), *sorted(registry.NEED_CONTEXT))
        loaded, weights = load_methods(chosen, models, threads, with_context=context > 0)
        calibration_set = load_calibration_set(calibration)
        made = comparison.compare(
            list(common.bar(files, "benchmark")),
            loaded,
            plan,
            calibration_set,
            output,
            {"weights": weights, "calibration": calibration_set.kind},
            comparison.Settings(draws, pictures),
            ContextFrames(files, context) if context else None,
            skipped,
        )
    except CorInpaintError as error:
        raise common.fail(error) from error
    common.say("\n".join(str(path) for path in made))
