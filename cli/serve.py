"""`corinpaint serve`: an archive behind TorchServe until it is told to stop."""

from __future__ import annotations

import signal
import sys
import threading
import time
from pathlib import Path

import click

from corinpaint.cli import common
from corinpaint.lasco.errors import CorInpaintError, OptionError


@click.command("serve")
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False), default="corinpaint.mar")
@click.option(
    "--config",
    type=click.Path(path_type=Path, dir_okay=False, exists=True),
    help="Configuration of TorchServe; by default that of the package: loopback only, with tokens.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default="torchserve",
    show_default=True,
    help="For key_file.json and logs.",
)
@click.option(
    "--drain",
    type=click.FloatRange(0, 3600),
    default=30,
    show_default=True,
    help="Seconds that requests under way may take when it is told to stop.",
)
def command(archive: Path, config: Path | None, folder: Path, drain: float) -> None:
    """Serve ARCHIVE (corinpaint.mar of `corinpaint export mar`) by TorchServe until SIGTERM or Ctrl-C.

    Says so when it is ready: weights verified, one frame restored. A model that does not load ends it with the reason
    and exit status 1. When it is told to stop, requests under way are answered first. Java comes from pip.
    """
    try:
        from corinpaint.export import torchserve
    except ImportError as error:
        raise click.ClickException(f"{error.name} is not installed; install corinpaint[serve]") from error
    stop = threading.Event()
    signal.signal(signal.SIGTERM, _interrupt)  # while it starts, as Ctrl-C: what was started is stopped
    start = time.monotonic()
    try:
        if not archive.is_file():
            raise OptionError(f"{archive}: no such archive", "make one with `corinpaint export mar`")
        with torchserve.serve(archive, folder, config=config or torchserve.CONFIG) as server:
            for number in (signal.SIGTERM, signal.SIGINT):
                signal.signal(number, lambda *_: stop.set())
            where = server.url(f"/predictions/{archive.stem}")
            common.say(f"ready after {time.monotonic() - start:.0f} s: {where}, keys in {folder / 'key_file.json'}")
            while not stop.wait(0.2):
                if server.process.poll() is not None:
                    raise torchserve.ServerError("TorchServe ended by itself", f"its log is {server.log}")
            common.say("stopping: requests under way are answered first")
            if not torchserve.drain(server, drain):
                common.say(f"some were not answered within {drain:g} s", err=True)
                sys.exit(1)
    except CorInpaintError as error:
        raise common.fail(error) from error


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
