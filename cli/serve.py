"""`corinpaint serve`: serve an archive with TorchServe until the command is stopped."""

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
    help="Configuration of TorchServe; by default that of the package: loopback interface only, with tokens.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default="torchserve",
    show_default=True,
    help="Folder of key_file.json and logs.",
)
@click.option(
    "--drain",
    type=click.FloatRange(0, 3600),
    default=30,
    show_default=True,
    help="Maximum time for pending requests after a signal to stop, seconds.",
)
def command(archive: Path, config: Path | None, folder: Path, drain: float) -> None:
    """Serve ARCHIVE (corinpaint.mar of `corinpaint export mar`) with TorchServe until SIGTERM or Ctrl-C.

    It prints a line when it is ready: the weights are verified and one frame was restored. If the model does not load,
    it prints the reason and exits with status 1. After a signal to stop, pending requests are answered first. Java is
    installed by pip.
    """
    try:
        from corinpaint.export import torchserve
    except ImportError as error:
        raise click.ClickException(f"{error.name} is not installed; install corinpaint[serve]") from error
    stop = threading.Event()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    signal.signal(signal.SIGTERM, _interrupt)  # during the start, SIGTERM acts like Ctrl-C: TorchServe is stopped
    start = time.monotonic()
    try:
        if not archive.is_file():
            raise OptionError(f"{archive}: no such archive", "make one with `corinpaint export mar`")
        with torchserve.serve(archive, folder, config=config or torchserve.CONFIG) as server:
            for number in handlers:
                signal.signal(number, lambda *_: stop.set())
            where = server.url(f"/predictions/{archive.stem}")
            common.say(f"ready after {time.monotonic() - start:.0f} s: {where}, keys in {folder / 'key_file.json'}")
            while not stop.wait(0.2):
                if server.process.poll() is not None:
                    raise torchserve.ServerError("TorchServe ended by itself", f"its log is {server.log}")
            common.say("stopping: pending requests are answered first")
            if not torchserve.drain(server, drain):
                common.say(f"some requests were not answered within {drain:g} s", err=True)
                sys.exit(1)
    except CorInpaintError as error:
        raise common.fail(error) from error
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
