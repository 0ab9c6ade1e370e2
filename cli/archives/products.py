"""What `movie` and `jmap` share: which products they are of, the background, and what failed."""

from __future__ import annotations

import functools
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from corinpaint.cli import common
from corinpaint.lasco.errors import CorInpaintError

if TYPE_CHECKING:
    from corinpaint.archive.movies.images import Background, Kind
    from corinpaint.lasco.level1.collection import Member, Setting

KINDS = ("original", "running", "base", "background")
"""As `corinpaint.archive.movies.images.KINDS`, which is slow to import."""

OPTIONS = (
    click.argument("products", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PRODUCT..."),
    click.option(
        "--kind",
        type=click.Choice(KINDS),
        default="running",
        show_default=True,
        help="Products as they are (original), or minus the one before (running), the first (base) or a background.",
    ),
    click.option(
        "--background",
        type=click.Path(path_type=Path, dir_okay=False),
        help="The background that is subtracted, as `corinpaint background` makes it; --kind is then 'background'.",
    ),
    click.option("--detector", help="Only products of this telescope: C2 or C3."),
    click.option("--filter", "colour_filter", help="Only products of this filter, such as Orange."),
    click.option("--polariser", help="Only products of this polariser, such as Clear."),
    click.option("--image-width", type=click.IntRange(1), help="Only products with as many columns."),
)


@dataclass
class Chosen:
    """The products of a command.

    Attributes
    ----------
    setting : Setting
    members : sequence of Member
    kind : str
    background : Background or None
    left_out : int
        How many could not be used.
    """

    setting: Setting
    members: Sequence[Member]
    kind: Kind
    background: Background | None
    left_out: int = field(default=0)

    def failed(self, path: Path, error: CorInpaintError) -> None:
        """Name a product that cannot be used, and count it."""
        self.left_out += 1
        common.say(f"Error: {path}: {str(error).removeprefix(f'{path.name}: ').removeprefix(f'{path}: ')}", err=True)

    def end(self) -> None:
        """Say how many products were left out; exits with status 1 when there is any."""
        if self.left_out:
            common.say(f"{self.left_out} of {len(self.members)} products left out.", err=True)
            sys.exit(1)


def products_options(command: Callable[..., None]) -> Callable[..., None]:
    """Decorator that adds the options that choose products; the command gets the function `choose`, see `Chosen`."""
    names = ("products", "kind", "background", "detector", "colour_filter", "polariser", "image_width")

    @functools.wraps(command)
    def collected(**arguments: Any) -> None:
        command(choose=functools.partial(_choose, **{name: arguments.pop(name) for name in names}), **arguments)

    for option in reversed(OPTIONS):
        collected = option(collected)
    return collected


def _choose(
    products: Sequence[Path],
    kind: Kind,
    background: Path | None,
    detector: str | None,
    colour_filter: str | None,
    polariser: str | None,
    image_width: int | None,
) -> Chosen:
    from corinpaint.archive.movies.images import read_background
    from corinpaint.archive.movies.selection import select
    from corinpaint.lasco.level1.collection import collect

    if kind == "background" and background is None:
        raise click.UsageError("--kind background needs --background FILE, see `corinpaint background`")
    collection = collect(products)
    for line in collection.lines():
        common.say(line, err=True)
    setting, members = select(
        collection, detector=detector, colour_filter=colour_filter, polariser=polariser, width=image_width
    )
    subtracted = None if background is None else read_background(background, setting)
    return Chosen(setting, members, kind if subtracted is None else "background", subtracted)
