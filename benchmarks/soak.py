"""An endpoint under load and fault: good, bad and huge requests from several clients, and workers that are killed.

    python benchmarks/soak.py [--seconds 300] [--clients 8] [--kill 0] [--archive corinpaint.mar] [--json FILE]
        [--server torchserve|asgi]

Starts a server on loopback with the limits of serve_config, sends frames over REST and gRPC without any retry, and
checks every answer: its frame number, and its image, mask and uncertainty bit for bit against what this process makes
of the same frame. `--kill 30` kills a worker (SIGKILL) every 30 seconds; the answers in between must be right or clean
errors. Exit status 1 when an answer was lost, swapped or wrong. Bounded in time and in requests that are under way.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import signal
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

import asgi_process
import numpy as np
import psutil
import requests
import soak_inputs
import timing
from soak_inputs import Case

from corinpaint.client.client import Client
from corinpaint.client.errors import ClientError, RefusedError
from corinpaint.client.request import Request
from corinpaint.export import mar
from corinpaint.export.torchserve import Server, free_ports, serve
from corinpaint.restore.engines import loading

SAMPLE_SECONDS = 1.0
GRPC_SHARE = 0.25
MODEL = "corinpaint"
SECONDS = 60.0
LIMIT = 41943040
"""max_request_size of serve_config."""

PASSING = (500, 503, 507)
"""A worker that died under the request, and a full queue: clean errors, and as many of them as are told below."""


@dataclass
class Log:
    """What happened, filled by all threads.

    Attributes
    ----------
    seconds : dict of str to list of float
        Time to each answer, by kind of request.
    outcomes : Counter
        By (kind, what came).
    wrong : list of str
        Answers that should not be.
    memory : list of (float, float, float)
        Seconds, MB of the workers, MB of what takes the requests.
    kills, recoveries : list of float
        When a worker was killed, and how long until one was ready again.
    """

    seconds: dict[str, list[float]] = field(default_factory=dict)
    outcomes: Counter[tuple[str, str]] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)
    memory: list[tuple[float, float, float]] = field(default_factory=list)
    kills: list[float] = field(default_factory=list)
    recoveries: list[float] = field(default_factory=list)
    lock: threading.Lock = field(default_factory=threading.Lock)

    def book(self, case: Case, came: str, took: float, wrong: str) -> None:
        """Note one request."""
        with self.lock:
            self.outcomes[case.kind, came] += 1
            self.seconds.setdefault(case.kind, []).append(took)
            if wrong:
                self.wrong.append(f"{case.name}: {wrong}")


def main() -> int:
    """Run; the exit code of the script."""
    parser = argparse.ArgumentParser(description="Load an endpoint on loopback and check every answer.")
    parser.add_argument("--seconds", type=float, default=300, help="how long (default 300, at most 900)")
    parser.add_argument("--clients", type=int, default=8, help="requests under way at a time (default 8, at most 32)")
    parser.add_argument("--kill", type=float, default=0, help="kill a worker every so many seconds (default: never)")
    parser.add_argument(
        "--archive", type=Path, help="archive to serve; by default one is packed from the shipped weights"
    )
    parser.add_argument("--json", type=Path, help="also write all figures to a file")
    parser.add_argument("--server", default="torchserve", choices=["torchserve", "asgi"], help="which to load")
    parser.add_argument("--seed", type=int, default=0, help="of the order of the requests")
    arguments = parser.parse_args()
    if not (0 < arguments.seconds <= 900 and 0 < arguments.clients <= 32):
        parser.error("--seconds goes to 900 and --clients to 32")
    with tempfile.TemporaryDirectory(prefix="soak-") as name:
        folder = Path(name)
        archive = arguments.archive or mar.export(None, folder / "corinpaint.mar")
        cases = soak_inputs.cases(folder, loading.load())
        with serving(arguments.server, archive, folder / "server") as server:
            log = soak(server, cases, arguments)
        report(log, arguments)
    if arguments.json:
        arguments.json.write_text(json.dumps(_plain(log), indent=1))
    return 1 if log.wrong else 0


@contextlib.contextmanager
def serving(kind: str, archive: Path, folder: Path) -> Iterator[Endpoint]:
    """A server of a kind, ready."""
    if kind == "torchserve":
        with serve(archive, folder, free_ports()) as server:
            yield Torchserve(server)
        return
    with asgi_process.serving(archive, folder) as server:
        yield Asgi(server)


class Torchserve:
    """TorchServe, as the clients, the watch and the killer see it."""

    front = "Java"

    def __init__(self, server: Server) -> None:
        self.url, self.auth_headers, self.grpc_address = server.url, server.auth_headers, server.grpc_address
        self.key_file, self._server = server.log.parent / "key_file.json", server

    def workers(self) -> list[psutil.Process]:
        """Its worker processes."""
        return processes()[0]

    def front_end(self) -> list[psutil.Process]:
        """What takes the requests."""
        return processes()[1]

    def is_whole(self, count: int) -> bool:
        """Whether that many workers are ready."""
        return set(self._server.worker_states(MODEL)) == {"READY"} and len(self.workers()) == count


class Asgi:
    """The server in Python, the same way."""

    front = "server"

    def __init__(self, server: asgi_process.AsgiServer) -> None:
        self.url, self.auth_headers, self.grpc_address = server.url, server.auth_headers, server.grpc_address
        self.key_file, self.workers, self._server = server.key_file, server.workers, server

    def front_end(self) -> list[psutil.Process]:
        """What takes the requests."""
        return [self._server.process]

    def is_whole(self, count: int) -> bool:
        """Whether that many workers are ready."""
        return self._server.ready_workers() == count and len(self.workers()) == count


Endpoint = Torchserve | Asgi


def soak(server: Endpoint, cases: list[Case], arguments: argparse.Namespace) -> Log:
    """Load the server until the time is over."""
    log, stop = Log(), threading.Event()
    clients = [
        threading.Thread(target=_client, args=(server, cases, log, stop, arguments.seed + number))
        for number in range(arguments.clients)
    ]
    beside = [threading.Thread(target=_watch, args=(server, log, stop))]
    if arguments.kill:
        beside.append(threading.Thread(target=_killer, args=(server, log, stop, arguments.kill)))
    for thread in (*clients, *beside):
        thread.start()
    stop.wait(arguments.seconds)
    stop.set()
    for thread in (*clients, *beside):
        thread.join()
    return log


def _client(server: Endpoint, cases: list[Case], log: Log, stop: threading.Event, seed: int) -> None:
    choose = random.Random(seed)
    weights = [case.weight for case in cases]
    key = {"key_file": server.key_file, "retries": 0, "timeout": SECONDS}
    with (
        Client(server.url(""), **key) as rest,
        Client(f"grpc://{server.grpc_address}", **key) as grpc,
        requests.Session() as session,
    ):
        while not stop.is_set():
            (case,) = choose.choices(cases, weights)
            start = time.perf_counter()
            if case.kind == "good":
                came, wrong = _good(grpc if choose.random() < GRPC_SHARE else rest, case)
            else:
                came, wrong = _bad(session, server, case)
            log.book(case, came, time.perf_counter() - start, wrong)


def _good(client: Client, case: Case) -> tuple[str, str]:
    """What came for a good frame, and what is wrong with it."""
    try:
        answer = client.restore(Request(case.content, accept=case.accept, name=case.name_sent))
    except RefusedError as error:
        clean = error.status in PASSING and error.code in ("endpoint", "internal")
        return f"refused, {error.status} {error.code}", "" if clean else str(error)
    except ClientError as error:
        return type(error).__name__, str(error)
    return "right", case.differs(answer)


def _bad(session: requests.Session, server: Endpoint, case: Case) -> tuple[str, str]:
    """The same for a request that is to be refused; it goes without the client, which would not send it."""
    headers = {**server.auth_headers(), "Content-Type": "application/fits"}
    try:
        answer = session.post(server.url(f"/predictions/{MODEL}"), data=case.content, headers=headers, timeout=SECONDS)
    except requests.ConnectionError:
        return "closed while sending", "" if 413 in case.statuses and len(case.content) > LIMIT else "no answer"
    except requests.RequestException as error:
        return type(error).__name__, "no answer"
    if answer.status_code in PASSING:
        return f"refused, {answer.status_code}", ""
    if answer.status_code not in case.statuses:
        return f"{answer.status_code}", f"{answer.status_code} in place of one of {case.statuses}"
    try:
        code = answer.json()["code"] if answer.content else "no body"
    except (ValueError, KeyError):
        return "no JSON", f"an error that is no JSON: {answer.text[:80]!r}"
    return f"refused, {answer.status_code} {code}", ""


def processes() -> tuple[list[psutil.Process], list[psutil.Process]]:
    """Workers of the server, and Java: children of this process."""
    workers, java = [], []
    for process in psutil.Process().children(recursive=True):
        try:
            name, command = process.name(), " ".join(process.cmdline())
        except psutil.Error:
            continue
        if "model_service_worker" in command:
            workers.append(process)
        elif name == "java":
            java.append(process)
    return workers, java


def _megabytes(processes: list[psutil.Process]) -> float:
    total = 0
    for process in processes:
        try:
            total += process.memory_info().rss
        except psutil.Error:
            continue
    return total / 1e6


def _watch(server: Endpoint, log: Log, stop: threading.Event) -> None:
    start = time.monotonic()
    while not stop.wait(SAMPLE_SECONDS):
        with contextlib.suppress(psutil.NoSuchProcess):
            memory = _megabytes(server.workers()), _megabytes(server.front_end())
            log.memory.append((time.monotonic() - start, *memory))


def _killer(server: Endpoint, log: Log, stop: threading.Event, pause: float) -> None:
    start = time.monotonic()
    while not stop.wait(pause):
        workers = server.workers()
        os.kill(workers[len(log.kills) % len(workers)].pid, signal.SIGKILL)
        log.kills.append(time.monotonic() - start)
        killed = time.monotonic()
        while not stop.wait(0.1):
            if time.monotonic() - killed > 0.5 and server.is_whole(len(workers)):
                log.recoveries.append(time.monotonic() - killed)
                break


def report(log: Log, arguments: argparse.Namespace) -> None:
    """Print what happened."""
    total = sum(log.outcomes.values())
    print(f"{total} requests in {arguments.seconds:.0f} s from {arguments.clients} clients, {len(log.wrong)} wrong.\n")
    rows = []
    for kind, seconds in sorted(log.seconds.items()):
        levels = np.percentile(seconds, [50, 95, 99, 100])
        rows.append((kind, len(seconds), *(float(1000 * level) for level in levels)))
    print(timing.table(["kind", "requests", "p50, ms", "p95, ms", "p99, ms", "longest, ms"], rows) + "\n")
    print(timing.table(["kind", "what came", "times"], [(*key, count) for key, count in sorted(log.outcomes.items())]))
    if log.memory:
        _report_memory(np.array(log.memory), {"torchserve": Torchserve, "asgi": Asgi}[arguments.server].front)
    if log.kills:
        back = ", ".join(f"{seconds:.1f}" for seconds in log.recoveries)
        print(f"\n{len(log.kills)} workers killed; ready again after {back} s.")
    for line in log.wrong[:20]:
        print(f"WRONG: {line}")
    print(f"\n{timing.machine('corinpaint', 'torchserve', 'onnxruntime')}")


def _report_memory(samples: np.ndarray, front: str) -> None:
    times, workers, front_end = samples.T
    later = times > times[-1] / 5
    rows = []
    for name, values in (("all workers", workers), (front, front_end)):
        slope = np.polyfit(times[later] / 60, values[later], 1)[0] if later.sum() > 2 else 0.0
        thirds = [float(np.median(part)) for part in np.array_split(values[later], 3)]
        rows.append((name, *thirds, float(values.max()), float(slope)))
    heading = ["memory, MB", "first third", "second", "last", "most", "trend, MB/min"]
    print("\n" + timing.table(heading, rows))


def _plain(log: Log) -> dict[str, object]:
    values = {name: value for name, value in vars(log).items() if name != "lock"}
    return values | {"outcomes": [[*key, count] for key, count in log.outcomes.items()]}


if __name__ == "__main__":
    sys.exit(main())
