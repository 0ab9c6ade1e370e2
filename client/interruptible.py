"""An adapter for requests whose request another thread can interrupt.

The time-out of a socket starts anew with every byte that arrives, so it does not limit the time of a whole answer; and
nothing in requests ends a request that waits in another thread. Here both shut the connection's socket down.
"""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import requests
from requests.adapters import HTTPAdapter

from corinpaint.client.errors import ClientError

TICK = 0.2
"""Seconds between two checks whether a request is still wanted."""


class InterruptibleAdapter(HTTPAdapter):
    """An adapter that can end a request while another thread sends or reads; for one request at a time."""

    def __init__(self) -> None:
        self._sockets: list[socket.socket] = []
        super().__init__()

    def init_poolmanager(self, *args: Any, **settings: Any) -> None:
        """Make the pools of direct connections; called by requests."""
        super().init_poolmanager(*args, **settings)
        self._observe(self.poolmanager)

    def proxy_manager_for(self, proxy: str, **settings: Any) -> Any:
        """The pools of connections through a proxy; called by requests for every request.

        Parameters
        ----------
        proxy : str
            Its address.
        **settings
            Passed on to requests.

        Returns
        -------
        urllib3.ProxyManager
        """
        is_known = proxy in self.proxy_manager
        manager = super().proxy_manager_for(proxy, **settings)
        if not is_known:
            self._observe(manager)
        return manager

    def close(self) -> None:
        """Close the connections."""
        super().close()
        self._forget()

    @contextmanager
    def interrupt_at(self, deadline: float, stop: threading.Event) -> Iterator[None]:
        """Interrupt the request of a block at a point in time, or when an event is set.

        Parameters
        ----------
        deadline : float
            Time of `time.monotonic`.
        stop : threading.Event

        Yields
        ------
        None

        Raises
        ------
        requests.ReadTimeout
            When the deadline passed, in place of whatever the broken connection caused.
        ClientError
            When the event was set.
        """
        finished, interrupted = threading.Event(), threading.Event()

        def watch() -> None:
            wait = TICK
            while not finished.wait(wait):
                left = deadline - time.monotonic()
                if stop.is_set() or left <= 0:
                    interrupted.set()
                    self._shut_down()  # again and again: a connection may be being made
                wait = min(TICK, left) if left > 0 else TICK

        watcher = threading.Thread(target=watch, name="corinpaint-client-deadline", daemon=True)
        watcher.start()
        failure: Exception | None = None
        try:
            yield
        except (requests.RequestException, OSError, ValueError) as error:
            failure = error
        finally:
            finished.set()
            watcher.join()
        if interrupted.is_set() and stop.is_set():
            raise ClientError("stopped before the answer came", "send the frame again") from failure
        if interrupted.is_set() and not isinstance(failure, requests.ConnectTimeout):
            raise requests.ReadTimeout from failure
        if failure is not None:
            raise failure

    def _observe(self, manager: Any) -> None:
        """Have the connections that a manager of pools will open report their sockets."""
        classes = manager.pool_classes_by_scheme
        manager.pool_classes_by_scheme = {scheme: self._observed(pool) for scheme, pool in classes.items()}

    def _observed(self, pool: Any) -> type:
        """A class of pools like another one, whose connections report their sockets."""
        bases = (_ReportingConnection, pool.ConnectionCls)
        connection = type(pool.ConnectionCls.__name__, bases, {"report": staticmethod(self._remember)})
        return type(pool.__name__, (pool,), {"ConnectionCls": connection})

    def _remember(self, opened: socket.socket) -> None:
        """Keep a second descriptor of a new socket: it outlives what TLS and http.client do to the first one."""
        self._forget()
        self._sockets.append(socket.fromfd(opened.fileno(), opened.family, opened.type))

    def _shut_down(self) -> None:
        for connected in list(self._sockets):
            try:
                connected.shutdown(socket.SHUT_RDWR)
            except OSError:  # not connected, or no longer
                continue

    def _forget(self) -> None:
        while self._sockets:
            self._sockets.pop().close()


class _ReportingConnection:
    """Mixed into a connection of urllib3: reports each new socket.

    http.client keeps the socket of a connection in its attribute `sock`. It is assigned as soon as the socket is
    connected, before a proxy or TLS has answered, so that these steps can be interrupted too.
    """

    report: Callable[[socket.socket], None]
    _current_socket: socket.socket | None = None

    @property
    def sock(self) -> socket.socket | None:
        """The socket of the connection; None while it is not open."""
        return self._current_socket

    @sock.setter
    def sock(self, value: socket.socket | None) -> None:
        is_new = value is not None and self._current_socket is None  # TLS later replaces it by a wrapper
        self._current_socket = value
        if value is not None and is_new:
            self.report(value)
