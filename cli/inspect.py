"""`corinpaint inspect`: properties of Level 0.5 frames and their missing blocks."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corinpaint.cli import common

if TYPE_CHECKING:
    from corinpaint.lasco.inputs.files import InputFile


@click.command("inspect")
@common.inputs_argument
@click.option("--json", "as_json", is_flag=True, help="Print one JSON object per line instead of text.")
@click.option(
    "--stars",
    is_flag=True,
    help="Look for bright stars, and draw their expected places: NAME_stars.png in the folder --output.",
)
@click.option(
    "-o",
    "--output",
    default=".",
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the pictures of --stars.",
)
@common.overwrite_option
@common.calibration_option
def command(
    inputs: tuple[Path, ...], as_json: bool, stars: bool, output: Path, overwrite: bool, calibration: Path | None
) -> None:
    """Show the properties of Level 0.5 frames, which blocks are missing, and which of them would be filled.

    No network is run, and no file is written but the pictures of --stars. Blocks have 32 x 32 px and are numbered
    row * (blocks in a row) + column, from the bottom left.
    """
    from corinpaint.lasco.errors import CorInpaintError
    from corinpaint.restore.inspection import inspect

    try:
        from corinpaint.lasco.photometry.optics import load_calibration_set

        calibration_set = load_calibration_set(calibration)
    except CorInpaintError as error:
        raise common.fail(error) from error

    def work(item: InputFile) -> str:
        found = inspect(item.path, calibration_set)
        if stars:
            from corinpaint.restore.star_picture import draw_stars  # pillow is for pictures alone

            found["stars"] = draw_stars(item.path, calibration_set, output, overwrite=overwrite)
        return json.dumps(found) if as_json else _text(found)

    common.process_each(common.frames(inputs), "inspect", work)


def _text(found: dict[str, object]) -> str:
    from corinpaint.restore.inspection import DEPRECATED

    lines = [str(found["name"])]
    for key, value in found.items():
        if key == "zones" and isinstance(value, list):
            lines += [f"  zone {z['zone']:<10} {z['decision']}; blocks {z['blocks']}" for z in value]
        elif key != "name" and key not in DEPRECATED:
            lines.append(f"  {key:<15} {value}")
    return "\n".join(lines)
