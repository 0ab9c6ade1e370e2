"""The connections of one session of requests, which can be broken from outside: the time-out of a socket starts anew
with every byte that comes, so it bounds no answer."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from corinpaint.client.errors import ClientError

TICK = 0.2
"""Seconds between two looks at whether a request is still wanted."""


class InterruptibleAdapter(HTTPAdapter):
    """An adapter that can hang up while another thread sends or reads; for one request at a time."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        super().__init__()

    def init_poolmanager(self, *args: Any, **settings: Any) -> None:
        super().init_poolmanager(*args, **settings)
        self._listen(self.poolmanager)

    def proxy_manager_for(self, *args: Any, **settings: Any) -> Any:
        manager = super().proxy_manager_for(*args, **settings)
        self._listen(manager)
        return manager

    def close(self) -> None:
        """Close the connections."""
        super().close()
        self._forget()

    @contextmanager
    def interrupt_at(self, deadline: float, stop: threading.Event) -> Iterator[None]:
        """Hang up at a point of time, or when an event is set.

        Parameters
        ----------
        deadline : float
            Of `time.monotonic`.
        stop : threading.Event

        Raises
        ------
        requests.ReadTimeout
            When it was too late, in place of whatever the broken connection caused.
        ClientError
            When it was stopped.
        """
        over, broken = threading.Event(), threading.Event()

        def watch() -> None:
            wait = TICK
            while not over.wait(wait):
                left = deadline - time.monotonic()
                if stop.is_set() or left <= 0:
                    broken.set()
                    self._hang_up()  # again and again: a connection may be in the making
                wait = min(TICK, left) if left > 0 else TICK

        watcher = threading.Thread(target=watch, name="corinpaint-client-deadline", daemon=True)
        watcher.start()
        failure: Exception | None = None
        try:
            yield
        except (requests.RequestException, OSError, ValueError) as error:
            failure = error
        finally:
            over.set()
            watcher.join()
        if broken.is_set() and stop.is_set():
            raise ClientError("stopped before the answer came", "send the frame again") from failure
        if broken.is_set() and not isinstance(failure, requests.ConnectTimeout):
            raise requests.ReadTimeout from failure
        if failure is not None:
            raise failure

    def _listen(self, manager: Any) -> None:
        pools = {"http": HTTPConnectionPool, "https": HTTPSConnectionPool}
        manager.pool_classes_by_scheme = {scheme: self._heard(pool) for scheme, pool in pools.items()}

    def _heard(self, kind: Callable[..., Any]) -> Callable[..., Any]:
        """A maker of pools whose new sockets are known here."""

        def pool(*args: Any, **settings: Any) -> Any:
            made = kind(*args, **settings)
            connection_class = made.ConnectionCls

            def connection(*args: Any, **settings: Any) -> Any:
                opened = connection_class(*args, **settings)
                connect = opened._new_conn

                def new() -> socket.socket:
                    self._forget()
                    plain: socket.socket = connect()
                    self._sockets.append(plain.dup())  # outlives what TLS and http.client do to the first one
                    return plain

                opened._new_conn = new
                return opened

            made.ConnectionCls = connection
            return made

        return pool

    def _hang_up(self) -> None:
        for line in list(self._sockets):
            try:
                line.shutdown(socket.SHUT_RDWR)
            except OSError:  # the other side was faster
                continue

    def _forget(self) -> None:
        while self._sockets:
            self._sockets.pop().close()
