"""`corinpaint movie`: Level 1 products in, one movie out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corinpaint.cli import common
from corinpaint.cli.archives.products import Chosen, products_options
from corinpaint.lasco.errors import CorInpaintError

if TYPE_CHECKING:
    from corinpaint.archive.movies.cadence import Axis


@click.command("movie")
@products_options
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(path_type=Path),
    help="The movie: a .mp4, a .gif, or a folder of PNG pictures.",
)
@click.option("--rate", type=click.FloatRange(0.1, 60), default=8.0, show_default=True, help="Frames a second.")
@click.option(
    "--time",
    "axis",
    type=click.Choice(["real", "frames"]),
    default="real",
    show_default=True,
    help="Show each frame until the time of the next one, or all for the same time.",
)
@click.option(
    "--max-gap",
    type=click.FloatRange(1),
    default=3.0,
    show_default=True,
    metavar="CADENCES",
    help="A longer time without frames, in median times between frames, is shown as a card with its length.",
)
@click.option(
    "--stretch",
    type=click.Choice(common.STRETCHES),
    help="By default nrgf for originals, and difference for differences.",
)
@click.option(
    "--limits",
    type=(float, float),
    metavar="LOW HIGH",
    help="What is black and white in all frames; by default by a sample of them. In MSB, for nrgf in sigma.",
)
@click.option("--outline", is_flag=True, help="Outline filled blocks.")
@click.option("--width", type=click.IntRange(64, 4096), help="Width of the movie, px; by default that of the products.")
@common.overwrite_option
def command(
    choose: Callable[[], Chosen],
    output: Path,
    rate: float,
    axis: Axis,
    max_gap: float,
    stretch: str | None,
    limits: tuple[float, float] | None,
    outline: bool,
    width: int | None,
    overwrite: bool,
) -> None:
    """Make a movie of Level 1 products of one telescope, filter, polariser and size.

    PRODUCT are products of CorInpaint or folders, which are searched at any depth. Beside the movie, a .json lists its
    frames, limits and gaps. Nothing is interpolated. A product that cannot be used is named and left out; the exit
    status is then 1.
    """
    with common.importing():
        from corinpaint.archive.movies.movie import Options, make_movie
        from corinpaint.archive.stopping import ended_by_sigterm

    try:
        chosen = choose()
        options = Options(chosen.kind, rate, axis, max_gap, stretch, limits, outline, width)
        with ended_by_sigterm():
            made = make_movie(
                chosen.setting,
                chosen.members,
                output,
                options,
                background=chosen.background,
                failed=chosen.failed,
                overwrite=overwrite,
            )
    except CorInpaintError as error:
        raise common.fail(error) from error
    gaps = f", {len(made.gaps)} gap{'' if len(made.gaps) == 1 else 's'}" if made.gaps else ""
    common.say(f"{output}: {chosen.setting}, {chosen.kind}, {len(made.frames)} frames{gaps}")
    chosen.end()
