"""The server as a whole: the archive unpacked, workers, HTTP, metrics and gRPC, until it is stopped."""

from __future__ import annotations

import asyncio
import contextlib
import logging
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import uvicorn

from corinpaint.handlers.asgi import app, connections
from corinpaint.handlers.asgi.allocation import give_back_large_blocks
from corinpaint.handlers.asgi.endpoint import Endpoint
from corinpaint.handlers.asgi.metrics import Registry
from corinpaint.handlers.asgi.processes import unpack
from corinpaint.handlers.asgi.processes.jobs import Limits
from corinpaint.handlers.asgi.processes.pool import Pool
from corinpaint.handlers.asgi.processes.starter import ServerError
from corinpaint.handlers.asgi.tokens import NAME, Keys
from corinpaint.lasco.errors import OptionError

logger = logging.getLogger(__name__)

KEEP_ALIVE_SECONDS = 75
"""How long an idle connection is kept."""

LAST_ANSWERS_SECONDS = 10
"""Maximum time for sending the last answers, once they are made."""


@dataclass(frozen=True)
class Settings:
    """How an archive is served.

    Attributes
    ----------
    folder : Path
        Folder of key_file.json.
    host : str
        Address to listen on.
    port, metrics_port, grpc_port : int
        0 for a free one; None of the last two for none. There is no gRPC where grpcio is not installed.
    workers : int
        Number of worker processes; 0 for minWorkers of model-config.yaml.
    waiting : int
        Maximum number of requests that wait.
    drain : float
        Maximum time for pending requests when the server is stopped, seconds.
    tokens : bool
        Whether requests need a key.
    key_minutes : float
        Minutes after which a new key is written, while the one so far stays valid as long; 0 for never.
    certificate, private_key : Path or None
        For TLS, PEM.
    """

    folder: Path
    host: str = "127.0.0.1"
    port: int = 8080
    metrics_port: int | None = 8082
    grpc_port: int | None = 7070
    workers: int = 0
    waiting: int = 16
    drain: float = 30.0
    tokens: bool = True
    key_minutes: float = 0.0
    certificate: Path | None = None
    private_key: Path | None = None


@dataclass(eq=False)
class Server:
    """A server that listens; see `serving`.

    Attributes
    ----------
    settings : Settings
    pool : Pool
    keys : Keys or None
    registry : Registry
    port, metrics_port, grpc_port : int
        On which it listens; 0 where it does not.
    answered_all : bool
        Whether all requests were answered when it was stopped.
    """

    settings: Settings
    pool: Pool
    keys: Keys | None
    registry: Registry
    port: int = 0
    metrics_port: int = 0
    grpc_port: int = 0
    answered_all: bool = True
    _loop: _Loop | None = None

    def url(self, path: str = "") -> str:
        """URL of a path of the inference address."""
        scheme = "https" if self.settings.certificate else "http"
        return f"{scheme}://{self.host}:{self.port}{path}"

    @property
    def host(self) -> str:
        """Address to listen on, as it is in a URL."""
        return f"[{self.settings.host}]" if ":" in self.settings.host else self.settings.host

    def auth_headers(self) -> dict[str, str]:
        """HTTP headers that authorise a request."""
        if self.keys is None:
            return {}
        from corinpaint.client.tokens import read_key

        return {"Authorization": f"Bearer {read_key(self.keys.path)}"}

    def wait_until_ready(self, stop: threading.Event | None = None) -> None:
        """Wait until every worker has the model.

        Parameters
        ----------
        stop : threading.Event, optional

        Raises
        ------
        ServerError
            When one does not get ready.
        """
        self.pool.wait_until_ready(stop or threading.Event())

    def check(self) -> None:
        """Raise ServerError when the server has ended by itself."""
        if self._loop is not None:
            self._loop.check()


class _Uvicorn(uvicorn.Server):
    """Without signal handlers, which are those of the command."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@contextlib.contextmanager
def serving(archive: Path, settings: Settings) -> Iterator[Server]:
    """Serve an archive in threads of this process until the end of the block; pending requests are answered then.

    Parameters
    ----------
    archive : Path
        A ``.mar`` file; its stem is the name of the model.
    settings : Settings

    Yields
    ------
    Server
        Which listens, but need not be ready yet: see `Server.wait_until_ready`.

    Raises
    ------
    ArchiveError
        The archive cannot be read.
    ServerError
        A port is busy, or a certificate cannot be read.
    OutputError
        The key file cannot be written.
    """
    give_back_large_blocks()
    with contextlib.ExitStack() as stack:
        sockets = {"inference": stack.enter_context(_listen(settings.host, settings.port))}
        if settings.metrics_port is not None:
            sockets["metrics"] = stack.enter_context(_listen(settings.host, settings.metrics_port))
        encryption = _encryption(settings)
        unpacked = stack.enter_context(unpack.unpacked(archive))
        keys = Keys(settings.folder / NAME) if settings.tokens else None
        registry = Registry()
        limits = Limits(
            settings.workers or unpacked.number("minWorkers", 1),
            settings.waiting,
            unpacked.number("responseTimeout", 120),
            unpacked.number("startupTimeout", 120),
        )
        pool = Pool(unpacked, limits, registry)
        server = Server(settings, pool, keys, registry)
        if settings.grpc_port is not None and find_spec("grpc") is not None:
            from corinpaint.handlers.asgi import grpc_services

            address = f"{server.host}:{settings.grpc_port}"
            pair = (settings.private_key, settings.certificate)
            certificate = (pair[0].read_bytes(), pair[1].read_bytes()) if pair[0] and pair[1] else None
            grpc = grpc_services.start(pool, registry, keys, address, certificate)
            server.grpc_port = grpc.port
            stack.callback(grpc.stop)
        pool.start()
        endpoint = Endpoint(pool, registry, keys)
        loop = server._loop = stack.enter_context(_listening(endpoint, sockets, encryption))
        server.port = sockets["inference"].getsockname()[1]
        server.metrics_port = sockets["metrics"].getsockname()[1] if "metrics" in sockets else 0
        if keys is not None and settings.key_minutes:
            stack.enter_context(_rotation(keys, 60 * settings.key_minutes))
        try:
            yield server
        finally:
            server.answered_all = pool.close(settings.drain)
            loop.stop()


def _listen(host: str, port: int) -> socket.socket:
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    listener = socket.socket(family, socket.SOCK_STREAM)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((host, port))
    except OSError as error:
        listener.close()
        raise ServerError(
            f"port {port} of {host} is busy or unavailable ({error.strerror})",
            "stop the process that listens there, or choose another port",
        ) from error
    return listener


def _encryption(settings: Settings) -> dict[str, Any]:
    """Arguments of uvicorn for TLS."""
    if settings.certificate is None and settings.private_key is None:
        return {}
    if settings.certificate is None or settings.private_key is None:
        raise OptionError("TLS takes a certificate and its key", "give both")
    try:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(settings.certificate, settings.private_key)
    except OSError as error:  # ssl.SSLError too
        raise ServerError(
            f"{settings.certificate}: cannot be used ({error})", "give a certificate and its key"
        ) from error
    return {"ssl_certfile": settings.certificate, "ssl_keyfile": settings.private_key}


class _Loop:
    """The event loop of HTTP, in a thread of its own."""

    def __init__(self, servers: list[_Uvicorn], sockets: list[socket.socket]) -> None:
        self._servers, self._sockets = servers, sockets
        self.error: BaseException | None = None
        self._thread = threading.Thread(target=self._run, name="http", daemon=True)
        self._thread.start()

    def wait_until_listening(self) -> None:
        while not all(server.started for server in self._servers):
            self.check()
            time.sleep(0.01)

    def check(self) -> None:
        if not self._thread.is_alive():
            raise ServerError(f"the server of HTTP ended by itself ({self.error})", "the log has more")

    def stop(self) -> None:
        for server in self._servers:
            server.should_exit = True
        self._thread.join(LAST_ANSWERS_SECONDS + 5)

    def _run(self) -> None:
        try:
            asyncio.run(self._serve())
        except BaseException as error:
            self.error = error
            logger.exception("the server of HTTP ended")

    async def _serve(self) -> None:
        pairs = zip(self._servers, self._sockets, strict=True)
        await asyncio.gather(*(server.serve([listener]) for server, listener in pairs))


@contextlib.contextmanager
def _listening(endpoint: Endpoint, sockets: dict[str, socket.socket], encryption: dict[str, Any]) -> Iterator[_Loop]:
    applications = {"inference": app.application(endpoint), "metrics": app.metrics_application(endpoint.registry)}
    servers = [_Uvicorn(_config(applications[name], encryption if name == "inference" else {})) for name in sockets]
    loop = _Loop(servers, list(sockets.values()))
    try:
        loop.wait_until_listening()
        yield loop
    finally:
        loop.stop()


def _config(application: Any, encryption: dict[str, Any]) -> uvicorn.Config:
    return uvicorn.Config(
        application,
        http=connections.GuardedProtocol,
        ws="none",
        lifespan="off",
        log_config=None,
        access_log=False,
        server_header=False,
        date_header=False,
        proxy_headers=False,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=LAST_ANSWERS_SECONDS,
        h11_max_incomplete_event_size=connections.MAX_HEADER_BYTES,
        **encryption,
    )


@contextlib.contextmanager
def _rotation(keys: Keys, seconds: float) -> Iterator[None]:
    """Write a new key from time to time."""
    stop = threading.Event()

    def work() -> None:
        while not stop.wait(seconds):
            try:
                keys.rotate(seconds)
            except Exception:
                logger.exception("no new key was written; the one so far stays valid")

    thread = threading.Thread(target=work, name="keys", daemon=True)
    thread.start()
    try:
        yield
    finally:
        stop.set()
        thread.join()
