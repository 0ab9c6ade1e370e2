"""`corinpaint serve --server asgi` as a process of its own: the clients of a benchmark do not share its interpreter."""

from __future__ import annotations

import contextlib
import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import psutil

from corinpaint.client.tokens import read_key
from corinpaint.export.torchserve import ServerError, free_ports

SECONDS_TO_END = 60


@dataclass(frozen=True)
class AsgiServer:
    """A server that is ready.

    Attributes
    ----------
    address, grpc_address, metrics : str
    key_file, log : Path
    process : psutil.Process
    """

    address: str
    grpc_address: str
    metrics: str
    key_file: Path
    log: Path
    process: psutil.Process

    def url(self, path: str) -> str:
        """URL of a path."""
        return self.address + path

    def auth_headers(self) -> dict[str, str]:
        """HTTP headers that authorise a request."""
        return {"Authorization": f"Bearer {read_key(self.key_file)}"}

    def workers(self) -> list[psutil.Process]:
        """Its worker processes: what the process forked that has all but the network."""
        return [worker for template in self.process.children() for worker in template.children()]

    def ready_workers(self) -> int:
        """How many workers have the model, by the log."""
        text = self.log.read_text()
        return len(re.findall(r"worker \d+ is ready", text)) - len(re.findall(r"worker \d+ is gone", text))


@contextlib.contextmanager
def serving(
    archive: Path,
    folder: Path,
    *options: str,
    ports: Mapping[str, int] | None = None,
    settings: Mapping[str, str] | None = None,
) -> Iterator[AsgiServer]:
    """Serve an archive until the end of the block.

    Parameters
    ----------
    archive, folder : Path
    *options : str
        Further ones of the command.
    ports : mapping, optional
        As `corinpaint.export.torchserve.free_ports` gives them.
    settings : mapping, optional
        Environment variables.

    Yields
    ------
    AsgiServer

    Raises
    ------
    ServerError
        When it does not get ready; with what the command says about it.
    """
    folder.mkdir(parents=True, exist_ok=True)
    ports, log = ports or free_ports(), folder / "asgi.log"
    environment = {**os.environ, **(settings or {})}
    command = [sys.executable, "-m", "corinpaint.cli.main", "serve", str(archive), "--server", "asgi"]
    command += ["--folder", str(folder), "--port", str(ports["inference"]), "--metrics-port", str(ports["metrics"])]
    command += ["--grpc-port", str(ports["grpc_inference"]), *options]
    with (
        log.open("wb") as errors,
        subprocess.Popen(command, stdout=subprocess.PIPE, stderr=errors, text=True, env=environment) as process,
    ):
        try:
            assert process.stdout is not None
            if not process.stdout.readline().startswith("ready"):
                process.wait(SECONDS_TO_END)
                told = [line for line in log.read_text().splitlines() if line.startswith("Error: ")]
                raise ServerError((told or ["Error: it says nothing"])[-1].removeprefix("Error: "), f"its log is {log}")
            yield AsgiServer(
                f"http://127.0.0.1:{ports['inference']}",
                f"127.0.0.1:{ports['grpc_inference']}",
                f"http://127.0.0.1:{ports['metrics']}/metrics",
                folder / "key_file.json",
                log,
                psutil.Process(process.pid),
            )
        finally:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(SECONDS_TO_END)
            except subprocess.TimeoutExpired:
                process.kill()
