"""The process that worker processes are forked from: it has imported and computed all that they share.

`python -m corinpaint.handlers.asgi.processes.template FD`, with the unpacked archive first among PYTHONPATH: as under
TorchServe, frames are restored by the code that the archive holds. A fork becomes a worker within a fraction of the
time that a new process takes, and shares the memory of the maps. It opens the network itself: no engine lives here.
"""

from __future__ import annotations

import contextlib
import logging
import os
import signal
import socket
import sys
import time
import warnings
from collections.abc import Mapping
from pathlib import Path
from types import FrameType
from typing import Any

from corinpaint.handlers import handler
from corinpaint.handlers.asgi.processes import wire, worker
from corinpaint.handlers.settings import read_settings
from corinpaint.lasco.level1.calibrate import calibrate

logger = logging.getLogger(__name__)

END_SECONDS = 5.0
"""How long workers may take to end once the server is gone."""


def main() -> int:
    """Fork workers until the socket is closed; the exit status of the process."""
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, signal.SIG_IGN)  # the server ends its processes, when pending requests are answered
    logging.basicConfig(level=logging.INFO, format="%(asctime)s %(levelname)s [%(process)d] %(message)s")
    with socket.socket(fileno=int(sys.argv[1])) as control:
        try:
            start, _ = wire.receive(control)
            prepare(Path(start["folder"]), start["config"])
        except EOFError:
            return 0
        except Exception as error:
            logger.exception("the model does not load")
            wire.send(control, {"failed": f"{type(error).__name__}: {error}"})
            return 1
        wire.send(control, {"protocol": wire.PROTOCOL})
        return _fork_workers(control, start)


def prepare(folder: Path, config: Mapping[str, Any]) -> None:
    """Import and compute what every worker needs.

    Parameters
    ----------
    folder : Path
        The unpacked archive.
    config : mapping
        model-config.yaml.

    Raises
    ------
    CorInpaintError
        When configuration or calibration cannot be used.
    """
    settings = read_settings(config)
    calibration = handler.load_calibration(folder, settings)
    calibrate(handler.warm_up_frame(), calibration).to_bytes()
    if settings.engine == "onnxruntime":
        import onnxruntime  # noqa: F401


def _fork_workers(control: socket.socket, start: Mapping[str, Any]) -> int:
    children: set[int] = set()

    def reap(_number: int = 0, _frame: FrameType | None = None) -> None:
        for child in list(children):
            with contextlib.suppress(ChildProcessError):
                found, status = os.waitpid(child, os.WNOHANG)
                if found:
                    children.discard(child)
                    logger.info("process %d ended (%s)", child, cause_of(os.waitstatus_to_exitcode(status)))

    signal.signal(signal.SIGCHLD, reap)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", DeprecationWarning)  # of threads: those of OpenBLAS, which it ends at a fork
        while (peer := _next(control)) is not None:
            child = os.fork()
            if child == 0:
                signal.signal(signal.SIGCHLD, signal.SIG_DFL)
                control.close()
                with peer:
                    os._exit(_serve(peer, start))
            children.add(child)
            peer.close()
            reap()
    deadline = time.monotonic() + END_SECONDS
    while children and time.monotonic() < deadline:
        time.sleep(0.05)
        reap()
    for child in children:
        os.kill(child, signal.SIGKILL)
    return 0


def _next(control: socket.socket) -> socket.socket | None:
    """The socket of the next worker; None when the server has closed its side."""
    _, descriptors, _, _ = socket.recv_fds(control, 1, 1)
    return socket.socket(fileno=descriptors[0]) if descriptors else None


def _serve(peer: socket.socket, start: Mapping[str, Any]) -> int:
    """What a worker does; its exit status."""
    try:
        return worker.run(peer, Path(start["folder"]), start["model"], start["version"], start["config"])
    except BaseException:
        logger.exception("the worker ends")
        return 1


def cause_of(status: int) -> str:
    """An exit status in words.

    Parameters
    ----------
    status : int
        Negative for the number of a signal.

    Returns
    -------
    str
    """
    if status >= 0:
        return f"exit status {status}"
    with contextlib.suppress(ValueError):
        return signal.Signals(-status).name
    return f"signal {-status}"


if __name__ == "__main__":
    sys.exit(main())
