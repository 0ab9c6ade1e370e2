"""Faults around the endpoint and the command line, each provoked, and what is said about it and when.

    python benchmarks/faults.py [--archive corinpaint.mar] [--server torchserve|asgi]

With TorchServe and, by `--server asgi`, with the server in Python. Archives without weights, with altered weights,
cut short; temporary files on a full or read-only disk; wrong keys; a busy port; no Java; products on a full or read-
only disk. Full and read-only disks are tmpfs, which takes root on Linux; they are passed over elsewhere. Prints a
table; exit status 1 when a fault was not told, or left something behind.
"""

from __future__ import annotations

import argparse
import contextlib
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asgi_process
import requests
import timing

from corinpaint.export import mar
from corinpaint.export.torchserve import ServerError, free_ports, serve
from corinpaint.lasco.simulation.scene import simulate, write

PREDICT = "/predictions/corinpaint"

Ports, Settings = dict[str, int], Mapping[str, str]
Start = Callable[[Path, Path, Ports, Settings], AbstractContextManager[Any]]
NO_SETTINGS: Settings = {}


@dataclass(frozen=True)
class Told:
    """What a fault was answered.

    Attributes
    ----------
    fault : str
    seconds : float
        Until it was told.
    message : str
    fits : bool
        Whether the message names the fault, and nothing was left behind.
    """

    fault: str
    seconds: float
    message: str
    fits: bool


def main() -> int:
    """Provoke every fault; the exit code of the script."""
    parser = argparse.ArgumentParser(description="Provoke faults and show what is said about them.")
    parser.add_argument("--archive", type=Path, help="archive to spoil; by default one of the shipped weights")
    parser.add_argument("--server", default="torchserve", choices=sorted(SERVERS), help="which to provoke")
    arguments = parser.parse_args()
    start = SERVERS[arguments.server]
    with tempfile.TemporaryDirectory(prefix="faults-") as name:
        folder = Path(name)
        archive = arguments.archive or mar.export(None, folder / "whole" / "corinpaint.mar")
        found = [*_archives(start, archive, folder), *_disks(start, archive, folder)]
        found += [*_keys(start, archive, folder), *_products(folder)]
    rows = [(one.fault, one.seconds, one.message.replace("|", "/"), "yes" if one.fits else "NO") for one in found]
    print(timing.table(["fault", "told after, s", "what is said", "named"], rows))
    return 0 if all(one.fits for one in found) else 1


def _torchserve(archive: Path, folder: Path, ports: Ports, settings: Settings) -> AbstractContextManager[Any]:
    return serve(archive, folder, ports, settings=settings)


def _asgi(archive: Path, folder: Path, ports: Ports, settings: Settings) -> AbstractContextManager[Any]:
    return asgi_process.serving(archive, folder, ports=ports, settings=settings)


SERVERS: dict[str, Start] = {"torchserve": _torchserve, "asgi": _asgi}


def _archives(start: Start, archive: Path, folder: Path) -> list[Told]:
    def without(name: str, content: bytes) -> bytes | None:
        return None if name == "corinpaint.onnx" else content

    def altered(name: str, content: bytes) -> bytes:
        if name != "corinpaint.onnx":
            return content
        middle = len(content) // 2
        return content[:middle] + bytes(255 - byte for byte in content[middle : middle + 64]) + content[middle + 64 :]

    whole = archive.read_bytes()
    cut = folder / "cut" / "corinpaint.mar"
    cut.parent.mkdir()
    cut.write_bytes(whole[: len(whole) // 2])
    spoiled = {
        "archive without weights": _spoiled(archive, folder / "no", without),
        "64 bytes of the weights altered": _spoiled(archive, folder / "odd", altered),
    }
    found = [_starting(start, fault, path, folder, "corinpaint.onnx") for fault, path in spoiled.items()]
    found.append(_starting(start, "archive cut short", cut, folder, "Exception|damaged"))
    if start is _torchserve:
        no_java = {"JAVA_HOME": str(folder), "PATH": ""}
        found.append(_starting(start, "no Java", archive, folder, "java", no_java))
    return found


def _spoiled(archive: Path, folder: Path, change: Callable[[str, bytes], bytes | None]) -> Path:
    folder.mkdir()
    target = folder / archive.name
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(target, "w") as made:
        for name in source.namelist():
            content = change(name, source.read(name))
            if content is not None:
                made.writestr(name, content)
    return target


def _starting(
    launch: Start, fault: str, archive: Path, folder: Path, sign: str, settings: Settings = NO_SETTINGS
) -> Told:
    """Start a server, which must not get ready."""
    start = time.monotonic()
    with tempfile.TemporaryDirectory(dir=folder) as place:
        try:
            with launch(archive, Path(place), free_ports(), settings):
                return Told(fault, time.monotonic() - start, "it got ready", False)
        except ServerError as error:
            text = str(error).partition("; its log")[0].replace(str(folder), "...")
            return Told(fault, time.monotonic() - start, text, any(part in text for part in sign.split("|")))


@contextlib.contextmanager
def _disk(folder: Path, options: str) -> Iterator[Path | None]:
    """A small disk; None where it cannot be had."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if not sys.platform.startswith("linux") or subprocess.run(command, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)


def _disks(start: Start, archive: Path, folder: Path) -> list[Told]:
    found = []
    for fault, options, sign in (
        ("temporary files on a full disk", "size=1m", "No space left"),
        ("temporary files on a read-only disk", "ro", "Read-only|Cannot create directory"),
    ):
        if start is _asgi and options == "ro":
            continue  # Python takes another folder for temporary files then
        with _disk(folder / options.replace("=", ""), options) as disk:
            if disk is not None:
                places = {"TMPDIR": str(disk), "TEMP": str(disk)}
                found.append(_starting(start, fault, archive, folder, sign, places))
    return found


def _keys(launch: Start, archive: Path, folder: Path) -> list[Told]:
    content = write(simulate(0, missing=1), folder / "32082037.fts").read_bytes()
    found = []
    with launch(archive, folder / "keys", ports := free_ports(), NO_SETTINGS) as server:
        headers_of = {"wrong key": {"Authorization": "Bearer wrong"}, "no key": {}}
        if launch is _torchserve:
            headers_of["the management key in place of the inference key"] = server.auth_headers("management")
        for fault, headers in headers_of.items():
            start = time.monotonic()
            answer = requests.post(server.url(PREDICT), data=content, headers=headers, timeout=60)
            message = f"{answer.status_code}: {answer.json()['message']}"
            fits = answer.status_code == 400 and "Token" in message
            found.append(Told(fault, time.monotonic() - start, message, fits))
        start = time.monotonic()
        try:
            with launch(archive, folder / "second", ports, NO_SETTINGS):
                found.append(Told("busy port", 0, "it got ready", False))
        except ServerError as error:
            found.append(Told("busy port", time.monotonic() - start, str(error), "is busy" in str(error)))
    return found


def _products(folder: Path) -> list[Told]:
    """`corinpaint restore` onto disks that take no product."""
    source = write(simulate(0, missing=1), folder / "32082037.fts", overwrite=True)
    found = []
    for fault, options, sign in (
        ("product on a full disk", "size=2m", "No space left"),
        ("product on a read-only disk", "ro,size=3m", "Read-only"),
    ):
        with _disk(folder / options.replace("=", "").replace(",", ""), options) as disk:
            if disk is None:
                continue
            start = time.monotonic()
            command = [sys.executable, "-m", "corinpaint.cli.main", "restore", str(source), "-o", str(disk / "out")]
            done = subprocess.run(command, capture_output=True, text=True, check=False)
            left = [path for path in disk.rglob("*") if path.is_file()]
            text = done.stderr.strip().splitlines()[0].replace(str(folder), "...") if done.stderr.strip() else ""
            fits = done.returncode == 1 and sign in text and not left and source.is_file()
            found.append(Told(fault, time.monotonic() - start, text, fits))
    return found


if __name__ == "__main__":
    sys.exit(main())
