"""Small stand-ins for the official calibration files, and a server with the layout of the official ones."""

from __future__ import annotations

import io
import socket
import struct
import threading
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cache
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import numpy as np
from astropy.io import fits

from corinpaint.lasco.reference_files import catalogue
from corinpaint.lasco.reference_files.catalogue import ReferenceFile

PAGE = b"<!DOCTYPE HTML PUBLIC>\n<html><head><title>404 Not Found</title></head><body>gone</body></html>\n"

TABLE = b"32082036.fts 1.100000 370.0 0 3600.0\n32082037.fts 0.996987 377.700 0 8285.6\n"

OFFSETS = b"MJD TIME XPOS MOVED OFFSET\n----\n50084 0 512.0 0 1.5\n50085 43200000 512.1 1 1.6\n"


def fits_image(shape: tuple[int, int] = (1024, 1024), value: float = 1, dtype: str = "u1") -> bytes:
    """A FITS file with an image of one value."""
    buffer = io.BytesIO()
    fits.PrimaryHDU(np.full(shape, value, dtype)).writeto(buffer)
    return buffer.getvalue()


def fits_table(rows: int = 2) -> bytes:
    """A FITS file with a table."""
    buffer = io.BytesIO()
    column = fits.Column("SC AVG ROLL (RAD)", "D", array=np.zeros(rows))
    fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns([column])]).writeto(buffer)
    return buffer.getvalue()


def save_file(**columns: np.ndarray) -> bytes:
    """An IDL save file (XDR, not compressed) with columns of double precision."""
    content = b"SR\x00\x04"
    for name, values in columns.items():
        word = name.upper().encode()
        body = struct.pack(">l", len(word)) + word + bytes(-len(word) % 4)
        body += struct.pack(">2l", 5, 4)  # double, array
        body += struct.pack(">8l", 8, 8, 8 * len(values), len(values), 1, 0, 0, 1) + struct.pack(">l", len(values))
        body += struct.pack(">l", 7) + np.asarray(values, ">f8").tobytes()
        content += _record(2, len(content), body)
    return content + _record(6, len(content), b"")


def _record(kind: int, start: int, body: bytes) -> bytes:
    return struct.pack(">l2Ll", kind, start + 16 + len(body), 0, 0) + body


def star_fits(rows: int = 4) -> bytes:
    """A save file like SolarSoft's star fits."""
    values = np.arange(rows, dtype=float)
    return save_file(c_tai=values, c_xmed=values + 511, c_ymed=values + 506, c_rmed=values / 100)


def time_differences(records: list[tuple[int, int, float]], orders: str = "") -> bytes:
    """A file like TIME_DIFF.DAT.

    Records are day and milliseconds by SOHO's clock and the offset of LASCO's in s; `orders` gives the byte order of
    each, by default '>' in the first half and '<' in the second, as in the official file.
    """
    orders = orders or ">" * (len(records) // 2) + "<" * (len(records) - len(records) // 2)
    written = struct.pack("<4i", len(records), 0, 0, 0)
    for (day, milliseconds, offset), order in zip(records, orders, strict=True):
        lasco = day * 86_400_000 + milliseconds + round(1000 * offset)
        written += struct.pack(f"{order}4i", *divmod(lasco, 86_400_000), day, milliseconds)
    return written


HORIZONS_HEADER = """API VERSION: 1.2
API SOURCE: NASA/JPL Horizons API
*******************************************************************************
Target body name: SOHO (spacecraft) (-21)         {source: SOHO_merged}
Center body name: Sun (10)                        {source: DE441}
Center-site name: BODY CENTER
*******************************************************************************
Step-size       : 360 minutes
Output units    : KM-S
Output type     : GEOMETRIC cartesian states
Output format   : 1 (position only)
Reference frame : ICRF
*******************************************************************************
            JDTDB,            Calendar Date (TDB),                X,                Y,                Z,
$$SOE
"""


def horizons(rows: list[tuple[float, float, float, float]], header: str = HORIZONS_HEADER) -> str:
    """A table as JPL Horizons answers: Julian dates and positions in km."""
    lines = [f"{jd:.9f}, A.D. 2009-Jan-01 00:00:00.0000, {x:.15E}, {y:.15E}, {z:.15E}," for jd, x, y, z in rows]
    return header + "\n".join(lines) + "\n$$EOE\n***\n"


def circle(first: float, rows: int = 12, step: float = 0.25) -> list[tuple[float, float, float, float]]:
    """Positions on a circle about the sun, as SOHO's but for its halo."""
    dates = first + step * np.arange(rows)
    angle = 2 * np.pi * dates / 365.25
    return [
        (float(d), *(1.48e8 * float(v) for v in (np.cos(a), np.sin(a), 0.0))) for d, a in zip(dates, angle, strict=True)
    ]


@cache
def content(asset: ReferenceFile) -> bytes:
    """Made-up content of an official file."""
    if asset.kind == "image":
        return fits_image(value=0 if asset.name == "C3ramp.fts" else 1)
    return {
        "save": star_fits(),
        "exposures": TABLE,
        "offsets": OFFSETS,
        "differences": time_differences([(52282, 0, 8.5), (52283, 0, 8.6), (52284, 0, 8.7), (52285, 0, 8.8)]),
        "ephemeris": horizons(circle(2452275.5)).encode(),
        "attitude": fits_table(),
        "text": b"; made up\n512.634 505.293 0   ; C2 Orange\n",
    }[asset.kind]


def tree(root: Path, assets: list[ReferenceFile], *, flat: bool = False) -> Path:
    """Write official files to a folder, in the layout of the servers or all directly in the folder."""
    for asset in assets:
        path = root / (asset.name if flat else asset.path)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content(asset))
    return root


class Server(ThreadingHTTPServer):
    """Serves `files` (content by path), after the `faults` of each path one after the other."""

    daemon_threads = True

    def __init__(self, assets: list[ReferenceFile]) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.files = {f"/{asset.path}": content(asset) for asset in assets}
        self.faults: dict[str, list[str]] = {}
        self.asked: Counter[str] = Counter()
        self.ranges = True
        self.closing = threading.Event()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def break_(self, asset: ReferenceFile, *faults: str) -> None:
        """Set the faults of the next answers for a file.

        Each is a status, 'page', 'stop', 'reset', 'hang', 'cut' (less than the Content-Length says), 'short' (a
        Content-Length that says less), '8 KB' (cut there, with its Content-Length), 'to ADDRESS', or 'wait SECONDS' (a
        status 503 that asks to wait).
        """
        self.break_path(asset.path, *faults)

    def break_path(self, path: str, *faults: str) -> None:
        """The same for a file or folder by its path."""
        self.faults[f"/{path}"] = list(faults)

    def handle_error(self, *_: object) -> None:
        """Clients that hang up are part of the tests."""


class _Handler(BaseHTTPRequestHandler):
    server: Server

    def do_GET(self) -> None:
        path = self.path
        self.server.asked[path] += 1
        waiting = self.server.faults.get(path)
        fault = waiting.pop(0) if waiting else ""
        body = self.server.files.get(path)
        if path.endswith("/") and not fault:
            names = sorted({name.removeprefix(path) for name in self.server.files if name.startswith(path)})
            if not names:
                return self._answer(404, PAGE, "text/html")
            return self._answer(200, "".join(f'<A HREF="{name}">{name}</A>\n' for name in names).encode())
        if fault.startswith("to "):
            self.send_response(302)
            self.send_header("Location", fault[3:])
            self.send_header("Content-Length", "0")
            return self.end_headers()
        if fault.startswith("wait "):
            return self._answer(503, PAGE, "text/html", retry_after=fault[5:])
        if fault == "page":
            return self._answer(200, PAGE, "text/html")
        if fault == "stop":
            return self.connection.close()
        if fault == "reset":
            self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
            return self.connection.close()
        if fault == "hang":
            self.server.closing.wait()
            return self.connection.close()
        if fault == "short" and body is not None:
            return self._answer(200, body, told=len(body) // 2)
        if fault == "8 KB" and body is not None:
            return self._answer(200, body[:8192])
        if fault == "cut" and body is not None:
            return self._answer(200, body[: len(body) // 2], told=len(body))
        if fault.isdigit() or body is None:
            return self._answer(int(fault or 404), PAGE, "text/html")
        wanted = self.headers.get("Range", "")
        if wanted and self.server.ranges:
            return self._answer(206, body[: int(wanted.removeprefix("bytes=0-")) + 1])
        return self._answer(200, body)

    def _answer(
        self, status: int, body: bytes, kind: str = "text/plain", told: int | None = None, retry_after: str = ""
    ) -> None:
        self.send_response(status)
        if retry_after:
            self.send_header("Retry-After", retry_after)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body) if told is None else told))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Silent."""


@contextmanager
def serving(assets: list[ReferenceFile] | None = None, files: Mapping[str, bytes] | None = None) -> Iterator[Server]:
    """A server on this machine of official files, all by default, or of any files by their paths."""
    server = Server(list(catalogue.FIXED_FILES) if assets is None and files is None else assets or [])
    server.files |= {f"/{path}": body for path, body in (files or {}).items()}
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    try:
        yield server
    finally:
        server.closing.set()
        server.shutdown()
        thread.join()
        server.server_close()
