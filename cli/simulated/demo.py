"""`corinpaint demo`: everything at work on simulated frames, in any installation."""

from __future__ import annotations

import webbrowser
from pathlib import Path

import click

from corinpaint.cli import common


@click.command("demo")
@click.option(
    "-o",
    "--output",
    default=Path("corinpaint-demo"),
    show_default=True,
    type=click.Path(path_type=Path, file_okay=False),
    help="Folder of the frames, the products and the report; what an earlier run left there is replaced.",
)
@click.option(
    "--open", "opens", is_flag=True, help="Open the report in the browser; by default only its address is printed."
)
def command(output: Path, opens: bool) -> None:
    """Simulate frames of a CME with missing blocks, restore them, and make a report of them.

    The frames are three exposures of C3, before and during the CME. The fills of the last one are compared with the
    truth of the simulation. Nothing is fetched, no server is started, and the shipped network runs on onnxruntime.
    """
    with common.importing():
        from corinpaint.archive.job import Job
        from corinpaint.archive.maker import Maker
        from corinpaint.evaluate import demonstration
    from corinpaint.lasco.errors import CorInpaintError
    from corinpaint.lasco.file_numbers import level1_number, number_of
    from corinpaint.lasco.level1.product import read_level1

    try:
        common.say("1. Simulating three LASCO C3 Level 0.5 frames, with missing telemetry blocks")
        simulated = demonstration.simulations()
        frames = demonstration.write(simulated, output / "frames")
        for one, frame in zip(simulated, frames, strict=True):
            common.say(f"   {frame}: {common.missing_blocks(int(one.missing.sum()))}")
        common.say("2. Restoring them with the shipped network")
        maker, products = Maker(Job(png=True, json=True, overwrite=True)), []
        for frame in frames:
            target = output / "products" / f"{level1_number(number_of(frame.name))}.fits"
            outcome = maker.make(frame, target)
            if outcome.has_failed:
                raise CorInpaintError(outcome.what, outcome.remedy)
            common.say(f"   {outcome.product}: {outcome.filled} of {common.missing_blocks(outcome.missing)} filled")
            products.append(target)
        common.say("3. Comparing the fills of the last frame with the truth of the simulation")
        for line in demonstration.compare(simulated[-1], read_level1(products[-1])).lines():
            common.say(f"   {line}")
        page = _report(output / "products")
    except CorInpaintError as error:
        raise common.fail(error) from error
    common.say(f"To look at: {page}")
    if opens:
        webbrowser.open(page.resolve().as_uri())


def _report(products: Path) -> Path:
    """What to look at: the report of the products."""
    from corinpaint.archive.reporting.make import make_report

    page: Path = make_report(products, command="corinpaint demo").index
    return page
