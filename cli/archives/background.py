"""`corinpaint background`: Level 1 products in, the minimum of their daily medians out; and differences of products."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corinpaint.cli import common
from corinpaint.lasco.errors import CorInpaintError, OutputError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from corinpaint.lasco.level1.collection import Member, Setting
    from corinpaint.lasco.level1.differences import Kind

MIN_FRAMES = 10
"""As `corinpaint.lasco.level1.background.MIN_FRAMES`, which is slow to import."""


@click.command("background")
@click.argument("products", nargs=-1, required=True, type=click.Path(path_type=Path), metavar="PRODUCT...")
@click.option(
    "-o", "--output", required=True, type=click.Path(path_type=Path, file_okay=False), help="Folder of what is made."
)
@click.option(
    "--subtract",
    type=click.Choice(["background", "running", "base"]),
    help="Write differences too: each product minus the background; or, without a background, minus the product before "
    "it (running) or the first one (base).",
)
@click.option(
    "--min-frames",
    type=click.IntRange(1),
    default=MIN_FRAMES,
    show_default=True,
    help="Products that a day needs; days with fewer are left out.",
)
@common.compress_option
@common.overwrite_option
def command(
    products: tuple[Path, ...],
    output: Path,
    subtract: Kind | None,
    min_frames: int,
    compress: str,
    overwrite: bool,
) -> None:
    """Make the background of Level 1 products of up to 27 days: the minimum of daily medians.

    PRODUCT are products of CorInpaint or folders, which are searched at any depth. Each detector, filter, polariser
    and image size gets a background of its own, such as 3m1_clcl_020108.fts, named as SolarSoft does by the middle of
    its days. Pixels that were filled, refused, never sent, occulted or saturated are left out. With --subtract,
    35082037.fits becomes 35082037_minus_background.fits. What is there already, made from the same products, is
    skipped.
    """
    with common.importing():
        from corinpaint.lasco.level1.collection import collect

    try:
        collection = collect(products)
    except CorInpaintError as error:
        raise common.fail(error) from error
    for line in collection.lines():
        common.say(line, err=True)
    work = _Work(output, compress, overwrite, min_frames)
    for setting, members in collection.groups.items():
        work.group(setting, members, subtract)
    if work.failed:
        common.say(f"{work.failed} failed.", err=True)
        sys.exit(1)


class _Work:
    """What is written, and how much of it failed."""

    def __init__(self, output: Path, compress: str, overwrite: bool, min_frames: int) -> None:
        self.output, self.compress, self.overwrite, self.min_frames = output, compress, overwrite, min_frames
        self.failed = 0

    def group(self, setting: Setting, members: Sequence[Member], subtract: Kind | None) -> None:
        """The background of a setting, and the differences."""
        background = None
        if subtract in (None, "background"):
            try:
                background = self._background(setting, members)
            except CorInpaintError as error:
                self.failed += 1
                common.say(f"Error: {setting}: {error}", err=True)
                return
        if subtract is not None:
            self._differences(members, subtract, background)

    def _background(self, setting: Setting, members: Sequence[Member]) -> Path:
        from corinpaint.lasco.files import folder_beside
        from corinpaint.lasco.level1.background import background_name, chosen, make_background, middle_of, source_hash

        days, said = chosen(members, self.min_frames)
        used = [member for day in days for member in day]
        target = self.output / background_name(setting, middle_of(used).date())
        for line in said:
            common.say(f"Warning: {setting}: {line}", err=True)
        if self._is_there(target, "SRCHASH", source_hash(used)):
            common.say(f"{target}: is there already, made from the same products")
            return target
        with folder_beside(target) as scratch:
            made = make_background(setting, members, min_frames=self.min_frames, scratch=scratch)
        made.write(self.output, overwrite=self.overwrite, compress=self.compress)
        common.say(f"{target}: {setting}, {made.header['NDAYS']} days, {len(used)} products")
        return target

    def _differences(self, members: Sequence[Member], kind: Kind, background: Path | None) -> None:
        from corinpaint.lasco.level1.differences import difference_name, pairs, subtract
        from corinpaint.lasco.level1.product import read_level1, read_planes

        shared = None if background is None else read_planes(background)
        identity = "" if shared is None else shared.header["SRCHASH"]
        there = 0
        for pair in common.bar(list(pairs(members, kind, background, identity)), "subtract"):
            path = pair.frame.path
            try:
                if self._is_there(self.output / difference_name(path, kind), "SUBHASH", pair.identity):
                    there += 1
                    continue
                other = shared or read_level1(pair.subtracted)
                names = (path.name, pair.subtracted.name)
                made = subtract(read_level1(path), other, kind, names, pair.identity)
                target = made.write(self.output, overwrite=self.overwrite, compress=self.compress)
                common.say(f"{target}: minus {pair.subtracted.name}")
            except CorInpaintError as error:
                self.failed += 1
                common.say(f"Error: {path}: {error}", err=True)
        if there:
            common.say(f"Skipped {there} that are there already (--overwrite makes them anew).", err=True)

    def _is_there(self, target: Path, key: str, value: str) -> bool:
        """Whether a file is there and was made from the same products.

        Raises
        ------
        OutputError
            When something else is there, which may not be replaced.
        """
        from corinpaint.lasco.level05.decoding import read_header

        if self.overwrite or not target.exists():
            return False
        header = read_header(target) if target.is_file() else None
        if header is None or header.get(key) != value:
            raise OutputError(
                f"{target}: is there already, made from other products",
                "remove it, choose another folder or allow --overwrite",
            )
        return True
