"""`corinpaint serve`: serve an archive, with TorchServe or with the server in Python, until the command is stopped."""

from __future__ import annotations

import logging
import signal
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click
from click.core import ParameterSource

from corinpaint.cli import common
from corinpaint.lasco.errors import CorInpaintError, OptionError

if TYPE_CHECKING:
    from corinpaint.handlers.asgi.server import Server

OWN_OPTIONS = {
    "host": "--host",
    "port": "--port",
    "metrics_port": "--metrics-port",
    "grpc_port": "--grpc-port",
    "workers": "--workers",
    "waiting": "--waiting",
    "tokens": "--no-tokens",
    "key_minutes": "--key-minutes",
    "certificate": "--certificate",
    "private_key": "--private-key",
}
"""Options of the server in Python alone; TorchServe has them in its configuration."""

port_range = click.IntRange(0, 65535)
file_path = click.Path(path_type=Path, dir_okay=False, exists=True)


@click.command("serve")
@click.argument("archive", type=click.Path(path_type=Path, dir_okay=False), default="corinpaint.mar")
@click.option(
    "--server",
    type=click.Choice(["torchserve", "asgi"]),
    default="torchserve",
    show_default=True,
    help="TorchServe, or the server in Python (corinpaint[asgi]): the same answers, and the Open Inference Protocol.",
)
@click.option(
    "--config",
    type=file_path,
    help="Configuration of TorchServe; by default that of the package: loopback interface only, with tokens.",
)
@click.option(
    "--folder",
    type=click.Path(path_type=Path, file_okay=False),
    default="torchserve",
    show_default=True,
    help="Folder of key_file.json, and of TorchServe's logs.",
)
@click.option(
    "--drain",
    type=click.FloatRange(0, 3600),
    default=30,
    show_default=True,
    help="Maximum time for pending requests after a signal to stop, seconds.",
)
@click.option("--host", default="127.0.0.1", show_default=True, help="asgi: address to listen on.")
@click.option("--port", type=port_range, default=8080, show_default=True, help="asgi: port of HTTP.")
@click.option("--metrics-port", type=port_range, default=8082, show_default=True, help="asgi: port of the metrics.")
@click.option("--grpc-port", type=port_range, default=7070, show_default=True, help="asgi: port of gRPC.")
@click.option("--workers", type=click.IntRange(1, 256), help="asgi: worker processes; by default minWorkers.")
@click.option(
    "--waiting", type=click.IntRange(0, 10000), default=16, show_default=True, help="asgi: maximum of waiting requests."
)
@click.option("--no-tokens", "tokens", flag_value=False, default=True, help="asgi: require no key of requests.")
@click.option(
    "--key-minutes",
    type=click.FloatRange(0, 1e6),
    default=0,
    show_default=True,
    help="asgi: minutes after which a new key is written; the one before stays valid as long. 0 for never.",
)
@click.option("--certificate", type=file_path, help="asgi: certificate for TLS, PEM.")
@click.option("--private-key", type=file_path, help="asgi: its key, PEM.")
def command(archive: Path, server: str, config: Path | None, folder: Path, drain: float, **own: Any) -> None:
    """Serve ARCHIVE (corinpaint.mar of `corinpaint export mar`) until SIGTERM or Ctrl-C.

    It prints a line when it is ready: the weights are verified and one frame was restored. If the model does not load,
    it prints the reason and exits with status 1. After a signal to stop, pending requests are answered first. Java, for
    TorchServe, is installed by pip.
    """
    try:
        source = click.get_current_context().get_parameter_source
        given = [OWN_OPTIONS[name] for name in own if source(name) is ParameterSource.COMMANDLINE]
        if server == "torchserve" and given:
            raise OptionError(f"{given[0]} is no option of TorchServe", "give --server asgi, or set it in --config")
        if server == "asgi" and config is not None:
            raise OptionError("--config is TorchServe's", "use the options of --server asgi")
        if not archive.is_file():
            raise OptionError(f"{archive}: no such archive", "make one with `corinpaint export mar`")
        if server == "asgi":
            _asgi(archive, folder, drain, own)
        else:
            _torchserve(archive, folder, drain, config)
    except ImportError as error:
        extra = {"torchserve": "serve", "asgi": "asgi"}[server]
        raise click.ClickException(f"{error.name} is not installed; install corinpaint[{extra}]") from error
    except CorInpaintError as error:
        raise common.fail(error) from error


def _torchserve(archive: Path, folder: Path, drain: float, config: Path | None) -> None:
    from corinpaint.export import torchserve

    start = time.monotonic()
    with _signals() as stop, torchserve.serve(archive, folder, config=config or torchserve.CONFIG) as server:
        _stop_softly(stop)
        where = server.url(f"/predictions/{archive.stem}")
        common.say(f"ready after {time.monotonic() - start:.0f} s: {where}, keys in {folder / 'key_file.json'}")
        while not stop.wait(0.2):
            if server.process.poll() is not None:
                raise torchserve.ServerError("TorchServe ended by itself", f"its log is {server.log}")
        common.say("stopping: pending requests are answered first")
        if not torchserve.drain(server, drain):
            _not_answered(drain)


def _asgi(archive: Path, folder: Path, drain: float, own: dict[str, Any]) -> None:
    from corinpaint.handlers.asgi.server import Settings, serving

    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s %(message)s")
    logging.getLogger("uvicorn").setLevel(logging.WARNING)
    own["workers"] = own["workers"] or 0
    start = time.monotonic()
    with _signals() as stop:
        with serving(archive, Settings(folder, drain=drain, **own)) as server:
            server.wait_until_ready(stop)
            _stop_softly(stop)
            if not stop.is_set():
                common.say(f"ready after {time.monotonic() - start:.0f} s: {_where(server)}")
            while not stop.wait(0.2):
                server.check()
            common.say("stopping: pending requests are answered first")
        if not server.answered_all:
            _not_answered(drain)


def _where(server: Server) -> str:
    keys = "no keys" if server.keys is None else f"keys in {server.keys.path}"
    grpc = f"gRPC at port {server.grpc_port}" if server.grpc_port else "no gRPC"
    return f"{server.url(f'/predictions/{server.pool.archive.name}')}, {grpc}, {keys}"


def _not_answered(drain: float) -> None:
    common.say(f"some requests were not answered within {drain:g} s", err=True)
    sys.exit(1)


@contextmanager
def _signals() -> Iterator[threading.Event]:
    """During the start, SIGTERM acts like Ctrl-C: what was started is stopped; the handlers of before come back."""
    stop = threading.Event()
    handlers = {number: signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)}
    signal.signal(signal.SIGTERM, _interrupt)
    try:
        yield stop
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)


def _stop_softly(stop: threading.Event) -> None:
    """From now on, a signal sets the event."""
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())


def _interrupt(*_: object) -> None:
    raise KeyboardInterrupt
