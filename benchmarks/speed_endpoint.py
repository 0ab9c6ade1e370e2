"""The endpoint against the same work in this process, at one client and at eight, by workers and batches.

    python benchmarks/speed_endpoint.py [--archive corinpaint.mar] [--frames 24] [--setting WORKERS,THREADS,BATCH ...]
        [--server torchserve asgi] [--compress none lossless rice]

Every setting gets a server of its own on loopback, of each kind; those with batches are TorchServe's alone. One frame
with four missing blocks is sent as FITS, and the answer is a whole Level 1 product (14 MB), or a report (2 kB) in its
own column; with --compress the product is compressed, at the endpoint and in this process. The time in this process,
from bytes to bytes, is measured right before and after each server, and the ratio is to the median of both.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
import zipfile
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import asgi_process
import numpy as np
import psutil
import requests
import timing
import yaml
from soak import processes
from speed import holed

from corinpaint.client.protocol import COMPRESSIONS
from corinpaint.export import mar
from corinpaint.export.torchserve import Server, free_ports, serve
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore.engines import loading
from corinpaint.restore.pipeline import restore

SETTINGS = ("1,0,1", "2,0,1", "2,1,1", "1,0,2", "1,1,8", "2,1,4")
CLIENTS = 8


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description="Time the endpoint against the same work in this process.")
    parser.add_argument(
        "--archive", type=Path, help="archive to serve; by default one is packed from the shipped weights"
    )
    parser.add_argument("--frame", type=Path, help="full C3 Clear frame; by default a simulated one")
    parser.add_argument("--frames", type=int, default=24, help="requests of each kind (default 24)")
    parser.add_argument("--setting", nargs="*", default=SETTINGS, help="workers,threads,batch (several)")
    parser.add_argument("--server", nargs="*", default=["torchserve"], choices=["torchserve", "asgi"])
    parser.add_argument("--compress", nargs="*", default=["none"], choices=COMPRESSIONS, help="of the products")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="speed-") as name:
        folder = Path(name)
        archive = arguments.archive or mar.export(None, folder / "whole" / "corinpaint.mar")
        content = holed(arguments.frame, folder / "32082037.fts").read_bytes()
        rows = [
            _row(folder, archive, content, setting, arguments.frames, kind, compress)
            for compress in arguments.compress
            for setting in arguments.setting
            for kind in arguments.server
            if kind == "torchserve" or setting.endswith(",1")
        ]
    heading = [
        "server",
        "workers, threads, batch",
        "compress",
        "MB, answer",
        "in process, ms",
        "one client, ms",
        "ratio",
    ]
    heading += ["eight clients, ms/frame", "ratio", "p99 over median", "reports, ms/frame", "largest worker, MB"]
    print(timing.table(heading, rows))
    print(f"\n{arguments.frames} requests each. {timing.machine('torchserve', 'uvicorn', 'onnxruntime')}")


def _row(
    folder: Path, archive: Path, content: bytes, setting: str, count: int, kind: str, compress: str
) -> tuple[object, ...]:
    workers, threads, batch = map(int, setting.split(","))
    place = folder / f"{kind}-{compress}-{setting.replace(',', '-')}"
    served = _changed(archive, place / archive.name, workers, threads, batch)
    product = {"Accept": "application/fits", "X-Corinpaint-Compress": compress}
    report = {"Accept": "application/json"}
    before, size = _in_process(content, count, compress)
    with _serving(kind, served, place / "server") as server:
        _send(server, content, product, 2 * workers, CLIENTS)  # warm every worker
        spent, _ = _send(server, content, product, count, 1)
        one = statistics.median(spent)
        each, many = _send(server, content, product, count, CLIENTS)
        _, reports = _send(server, content, report, count, CLIENTS)
        memory = max(process.memory_info().rss for process in _workers(server)) / 1e6
    here = statistics.median([*before, *_in_process(content, count, compress)[0]])
    spread = float(np.percentile(each, 99)) / statistics.median(each)
    times = (1000 * here, 1000 * one, one / here, 1000 * many, many / here, spread, 1000 * reports, memory)
    return kind, setting, compress, size / 1e6, *times


@contextmanager
def _serving(kind: str, archive: Path, folder: Path) -> Iterator[Server | asgi_process.AsgiServer]:
    """A server of a kind, ready."""
    if kind == "torchserve":
        with serve(archive, folder, free_ports()) as server:
            yield server
        return
    with asgi_process.serving(archive, folder) as server:
        yield server


def _workers(server: Server | asgi_process.AsgiServer) -> list[psutil.Process]:
    if isinstance(server, Server):
        return processes()[0]
    return server.workers()


def _changed(archive: Path, target: Path, workers: int, threads: int, batch: int) -> Path:
    """The archive with other numbers in its model-config.yaml."""
    target.parent.mkdir()
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            content = source.read(name)
            if name == "model-config.yaml":
                settings = yaml.safe_load(content)
                settings |= {"minWorkers": workers, "maxWorkers": workers, "batchSize": batch}
                settings["corinpaint"]["threads"] = threads
                content = yaml.safe_dump(settings).encode()
            made.writestr(name, content)
    return target


def _in_process(content: bytes, count: int, compress: str) -> tuple[list[float], int]:
    """Seconds from the bytes of a frame to those of its product, here, and the bytes of that."""
    engine, calibration, spent, size = loading.load(), load_calibration_set(), [], 0
    for turn in range(-2, count // 2):
        start = time.perf_counter()
        size = len(restore(read_frame(content), inpainter=engine, calibration=calibration).level1.to_bytes(compress))
        if turn >= 0:
            spent.append(time.perf_counter() - start)
    return spent, size


def _send(
    server: Server | asgi_process.AsgiServer, content: bytes, wanted: dict[str, str], count: int, clients: int
) -> tuple[list[float], float]:
    """Seconds of each request, and the whole time over the frames."""
    headers = {**server.auth_headers(), "Content-Type": "application/fits", **wanted}
    url = server.url("/predictions/corinpaint")

    def ask(session: requests.Session) -> float:
        start = time.perf_counter()
        answer = session.post(url, data=content, headers=headers, timeout=120)
        if answer.status_code != 200:
            raise SystemExit(f"{answer.status_code}: {answer.text[:200]}")
        return time.perf_counter() - start

    sessions = [requests.Session() for _ in range(clients)]
    start = time.perf_counter()
    with ThreadPoolExecutor(clients) as pool:
        spent = list(pool.map(lambda number: ask(sessions[number % clients]), range(count)))
    whole = time.perf_counter() - start
    for session in sessions:
        session.close()
    return spent, whole / count


if __name__ == "__main__":
    main()
