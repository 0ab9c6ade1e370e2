"""`corinpaint simulate`: simulated frames, and the truth beside them."""

from __future__ import annotations

from pathlib import Path

import click

from corinpaint.cli import common


@click.command("simulate")
@click.option("-o", "--output", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder.")
@click.option("--count", type=click.IntRange(1, 10_000), default=1, show_default=True, help="Number of frames.")
@click.option(
    "--seed",
    type=click.IntRange(0, 989_999),
    default=0,
    show_default=True,
    help="Seed of the first frame; the next ones follow.",
)
@common.deprecated_alias("--lost", "--missing")
@click.option("--missing", type=click.IntRange(0, 400), help="Number of missing blocks; by default a random pattern.")
@click.option(
    "--run",
    type=click.IntRange(1, 400),
    help="Number of missing blocks in one run, consecutive in the order of telemetry; in place of --missing.",
)
@click.option("--cme/--no-cme", default=None, help="With or without a coronal mass ejection; by default random.")
@click.option("--exptime", type=click.FloatRange(0.1, 100), help="Exposure time in seconds; by default a typical one.")
@click.option(
    "--truth/--no-truth",
    default=True,
    show_default=True,
    help="Whether to write NAME_truth.fits too.",
)
@common.overwrite_option
def command(
    output: Path,
    count: int,
    seed: int,
    missing: int | None,
    run: int | None,
    cme: bool | None,
    exptime: float | None,
    truth: bool,
    overwrite: bool,
) -> None:
    """Write simulated C3 Level 0.5 frames with missing blocks.

    The same seed gives the same bytes. NAME_truth.fits holds the complete counts (DN), the noise-free brightness (MSB,
    detector grid) and the map of missing blocks.
    """
    import numpy as np

    from corinpaint.lasco.errors import CorInpaintError, OutputError
    from corinpaint.lasco.inputs.kinds import TRUTH_SUFFIX
    from corinpaint.lasco.simulation.scene import simulate, write, write_truth
    from corinpaint.lasco.simulation.telemetry import missing_run

    if missing is not None and run is not None:
        raise click.UsageError("--missing and --run exclude each other: give one of them")
    try:
        for number in common.bar(range(seed, seed + count), "simulate"):
            lost = missing if run is None else missing_run(np.random.default_rng(number), run)
            made = simulate(number, missing=lost, cme=cme, exptime=exptime)
            path = output / f"{made.frame.number}.fts"
            beside = output / f"{made.frame.number}{TRUTH_SUFFIX}"
            for target in (path, beside) if truth else (path,):
                if target.exists() and not overwrite:
                    raise OutputError(f"{target}: already exists", "choose another folder or allow --overwrite")
            write(made, path, overwrite=overwrite)
            if truth:
                write_truth(made, beside, overwrite=overwrite)
            common.say(f"{path}: seed {number}, {common.missing_blocks(int(made.missing.sum()))}")
    except CorInpaintError as error:
        raise common.fail(error) from error
