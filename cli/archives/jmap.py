"""`corinpaint jmap`: Level 1 products in, a height-time map (J-map) out."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from corinpaint.cli import common
from corinpaint.cli.archives.products import Chosen, products_options
from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.version import __version__


@click.command("jmap")
@products_options
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, dir_okay=False), help="The picture, PNG."
)
@click.option(
    "--angle",
    required=True,
    type=click.FloatRange(0, 360),
    help="Position angle, counter-clockwise from solar north, degrees.",
)
@click.option(
    "--width", type=click.FloatRange(0, 360, min_open=True), default=5.0, show_default=True, help="Degrees averaged."
)
@click.option(
    "--speed", "speeds", type=click.FloatRange(1), multiple=True, help="Draw lines of this speed, km/s; repeatable."
)
@click.option("--fits", "fits_path", type=click.Path(path_type=Path, dir_okay=False), help="Write the map here, too.")
@common.overwrite_option
def command(
    choose: Callable[[], Chosen],
    output: Path,
    angle: float,
    width: float,
    speeds: tuple[float, ...],
    fits_path: Path | None,
    overwrite: bool,
) -> None:
    """Make a height-time map along a position angle: distance from the sun against time.

    PRODUCT are products of CorInpaint or folders, which are searched at any depth. Columns stand at the times of the
    frames and gaps stay blank. Filled parts are hatched, refused ones blank. A product that cannot be used is named and
    left out; the exit status is then 1.
    """
    with common.importing():
        from corinpaint.archive.movies import height_time_file, height_time_picture
        from corinpaint.archive.movies.height_time import Sector, height_time
        from corinpaint.lasco.files import write_all

    try:
        chosen = choose()
        found = height_time(
            chosen.setting,
            chosen.members,
            Sector(angle, width),
            chosen.kind,
            background=chosen.background,
            failed=chosen.failed,
        )
        about = {"Software": f"CorInpaint {__version__}", "Description": " ".join(found.files)}
        contents = {output: height_time_picture.png(height_time_picture.plot(found, speeds), about)}
        if fits_path is not None:
            contents[fits_path] = height_time_file.to_bytes(found)
        write_all(contents, overwrite=overwrite)
    except CorInpaintError as error:
        raise common.fail(error) from error
    for path in contents:
        common.say(f"{path}: {chosen.setting}, {chosen.kind}, position angle {angle:g}, {len(found.times)} frames")
    chosen.end()
