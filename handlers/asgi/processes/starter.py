"""Starting worker processes: one process is forked from, which is started again when it ends."""

from __future__ import annotations

import contextlib
import os
import select
import signal
import socket
import subprocess
import threading
from dataclasses import dataclass
from typing import Any

from corinpaint.handlers.asgi.metrics import Declaration
from corinpaint.handlers.asgi.processes import wire
from corinpaint.handlers.asgi.processes.unpack import Archive
from corinpaint.lasco.errors import CorInpaintError

MODULE = "corinpaint.handlers.asgi.processes.template"
"""What the process runs that workers are forked from; from the archive."""

STOP_SECONDS = 5.0
"""How long an idle worker may take to end."""


class ServerError(CorInpaintError):
    """The server does not start."""

    code = "server"


@dataclass(frozen=True, eq=False)
class WorkerProcess:
    """A worker process that has the model."""

    process_id: int
    peer: socket.socket

    def is_gone(self) -> bool:
        """Whether the process has ended, or sends what nobody asked for."""
        return bool(select.select([self.peer], [], [], 0)[0])

    def kill(self) -> None:
        """Kill a process that still holds its socket; no other has its number then."""
        with contextlib.suppress(ProcessLookupError):
            os.kill(self.process_id, signal.SIGKILL)


class Template:
    """The process that workers are forked from.

    Parameters
    ----------
    archive : Archive
    command : list of str
        What it runs, before the number of its socket.
    seconds : float
        Maximum time until it, or a worker, is ready.
    """

    def __init__(self, archive: Archive, command: list[str], seconds: float) -> None:
        self._archive, self._command, self._seconds = archive, command, seconds
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._control: socket.socket | None = None

    def fork(self) -> tuple[WorkerProcess, list[Declaration]]:
        """A new worker, once it is ready, and its metrics.

        Raises
        ------
        ServerError
            When it does not become ready.
        """
        ours, theirs = socket.socketpair()
        try:
            with theirs, self._lock:
                socket.send_fds(self._running(), [b"f"], [theirs.fileno()])
            ours.settimeout(self._seconds)
            told = _answer_of(ours)
        except BaseException:
            ours.close()
            raise
        return WorkerProcess(told["pid"], ours), [Declaration(*one) for one in told["metrics"]]

    def end(self) -> None:
        """End it, and with it the workers that are left."""
        with self._lock:
            self._end()

    def _end(self) -> None:
        control, child = self._control, self._child
        self._control = self._child = None
        if control is not None:
            control.close()
        if child is not None:
            try:
                child.wait(2 * STOP_SECONDS)
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()

    def _running(self) -> socket.socket:
        """The socket of the process, which is started where there is none."""
        if self._control is not None and self._child is not None and self._child.poll() is None:
            return self._control
        self._end()
        control, theirs = socket.socketpair()
        try:
            with theirs:
                child = subprocess.Popen(
                    [*self._command, str(theirs.fileno())],
                    pass_fds=[theirs.fileno()],
                    env={**os.environ, "PYTHONPATH": str(self._archive.folder), "PYTHONSAFEPATH": "1"},
                    cwd=self._archive.folder,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    start_new_session=True,  # so that Ctrl-C does not reach it
                )
            self._child, self._control = child, control
            control.settimeout(self._seconds)
            archive = self._archive
            start = {"folder": str(archive.folder), "model": archive.name, "version": archive.version}
            with contextlib.suppress(BrokenPipeError):  # it has ended, which shows when its answer is read
                wire.send(control, {**start, "config": archive.config})
            _answer_of(control)
        except BaseException:
            control.close()
            self._end()
            raise
        return control


def _answer_of(peer: socket.socket) -> dict[str, Any]:
    """What a process says when it is ready; ServerError where it is not."""
    try:
        told, _ = wire.receive(peer)
    except TimeoutError as error:
        raise ServerError("it was not ready in time", "set startupTimeout in model-config.yaml") from error
    except (OSError, EOFError, ValueError) as error:
        raise ServerError("it ended while starting", "the log has more") from error
    if "failed" in told:
        raise ServerError(told["failed"], "the log has more")
    if told.get("protocol") != wire.PROTOCOL:
        what = "the archive is of another version of CorInpaint"
        raise ServerError(what, "make it again with `corinpaint export mar`")
    return told
