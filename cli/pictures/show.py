"""`corinpaint show`: pictures of Level 1 products."""

from __future__ import annotations

from pathlib import Path

import click

from corinpaint.cli import common
from corinpaint.lasco.errors import CorInpaintError, OptionError


@click.command("show")
@click.argument("products", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PRODUCT...")
@click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path),
    help="Name of the picture, which ends in .png, or a folder; by default each lies beside its product.",
)
@click.option(
    "--stretch",
    type=click.Choice(common.STRETCHES),
    help="Scale of the brightness: relative to its ring about the sun by the normalising radial graded filter (nrgf), "
    "logarithmic, linear, or linear with zero in the middle (difference). By default nrgf, and difference for "
    "differences.",
)
@click.option("--zones", is_flag=True, help="Enlarge each zone of missing blocks, before and after.")
@click.option("--uncertainty", is_flag=True, help="Draw the 1-sigma uncertainty over the brightness, too.")
@click.option(
    "--truth",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Product of the same frame without missing blocks, shown beside the fill of each zone.",
)
@common.overwrite_option
def command(
    products: tuple[Path, ...],
    output: Path | None,
    stretch: str | None,
    zones: bool,
    uncertainty: bool,
    truth: Path | None,
    overwrite: bool,
) -> None:
    """Draw Level 1 products as PNG: what was received, and what was made of it.

    PRODUCT are files of CorInpaint, compressed or not, or of SolarSoft. 35082037.fits becomes 35082037.png: before and
    after with solar radii, position angles, a legend of the flags, and thin outlines about the blocks that were filled.
    Without missing blocks the product stands alone. A file that fails is reported, and the exit status is 1.
    """
    with common.importing():
        from corinpaint.archive.layout import beside
        from corinpaint.lasco import files
        from corinpaint.lasco.level1.product import read_planes
        from corinpaint.lasco.pictures.plot import default_panels, plot, png

    one = output is not None and output.suffix.lower() == ".png"
    if one and len(products) > 1:
        raise common.fail(OptionError(f"--output {output} is one file for {len(products)} products", "give a folder"))
    more = [*(["uncertainty"] if uncertainty else []), *(["zones"] if zones or truth else [])]

    def draw(path: Path) -> None:
        product, target = read_planes(path), beside(path, ".png")
        if output is not None:
            target = output if one else output / target.name
        expected = None if truth is None else read_planes(truth).data
        figure = plot(product, stretch, [*default_panels(product), *more], truth=expected)
        files.write_bytes(target, png(figure), overwrite=overwrite)
        common.say(str(target))

    failed = 0
    for path in products:
        try:
            draw(path)
        except CorInpaintError as error:
            failed += 1
            common.say(f"Error: {error}", err=True)
    common.say_end(len(products), failed, 0)
