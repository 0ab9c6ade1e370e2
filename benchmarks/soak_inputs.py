"""What `soak.py` sends: good frames with the answers that they must get, damaged ones, and huge ones."""

from __future__ import annotations

import gzip
import hashlib
import io
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits

from corinpaint.client.answer import Answer
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.simulation import scene
from corinpaint.restore.engines.base import Inpainter
from corinpaint.restore.pipeline import restore
from corinpaint.restore.report import report

MIB = 2**20
FORMATS = ("application/fits", "application/fits", "application/json")


@dataclass(frozen=True)
class Case:
    """A request and what it must be answered.

    Attributes
    ----------
    name : str
    kind : {'good', 'bad', 'huge'}
    content : bytes
        What is sent as the frame.
    accept : str
        Format that is asked for.
    weight : float
        How often it is sent.
    number : str
        Of the frame; in the answer of a good one.
    digest : str
        Of the answer's data.
    statuses : tuple of int
        With which a bad one may be refused.
    name_sent : str or None
        Name that goes with it.
    """

    name: str
    kind: str
    content: bytes
    accept: str = "application/fits"
    weight: float = 1.0
    number: str = ""
    digest: str = ""
    statuses: tuple[int, ...] = (400, 413, 415, 422)
    name_sent: str | None = None

    def differs(self, answer: Answer) -> str:
        """How an answer differs from the one that it must be; empty where it does not."""
        if answer.number != self.number:
            return f"answer of {answer.number} in place of {self.number}"
        if digest_of(answer.body, self.accept) != self.digest:
            return "the data differ from those of this process"
        return ""


def digest_of(body: bytes, media_type: str) -> str:
    """Of image and extensions, or of a report."""
    if media_type == "application/json":
        told = json.loads(body)
        kept = {key: told[key] for key in ("source", "product", "blocks", "zones", "pixels", "statistics")}
        return hashlib.sha256(json.dumps(kept, sort_keys=True).encode()).hexdigest()
    with fits.open(io.BytesIO(body)) as hdus:
        return hashlib.sha256(b"".join(hdu.data.tobytes() for hdu in hdus)).hexdigest()


def cases(folder: Path, engine: Inpainter, frames: int = 12) -> list[Case]:
    """All requests; two thirds of them good, a few in a hundred huge."""
    return [*_good(folder, engine, frames), *_bad(), *_huge()]


def _good(folder: Path, engine: Inpainter, frames: int) -> list[Case]:
    found = []
    for index in range(frames):
        simulation = scene.simulate(100 + index, missing=index % 6)
        path = scene.write(simulation, folder / f"{32082100 + index}.fts", overwrite=True)
        content, number = path.read_bytes(), path.stem
        if index % 3 == 2:
            content = gzip.compress(content, 1)
        accept = FORMATS[index % len(FORMATS)]
        restored = restore(read_frame(path), inpainter=engine)
        body = (
            restored.level1.to_bytes()
            if accept == FORMATS[0]
            else json.dumps(report(restored), indent=1, default=float).encode()
        )
        digest = digest_of(body, accept)
        found.append(Case(f"frame {number}", "good", content, accept, 1.0, number, digest, name_sent=path.name))
    return found


def _bad() -> list[Case]:
    header = fits.Header()
    header["SIMPLE"], header["BITPIX"], header["NAXIS"] = True, 16, 2
    good = header.copy()
    good["NAXIS1"] = good["NAXIS2"] = 8
    absurd = header.copy()
    absurd["NAXIS1"] = absurd["NAXIS2"] = 223607
    deep = good.copy()
    for index in range(900):
        deep[f"HIERARCH ESO DET CHIP{index} LONG KEYWORD"] = index
    many = fits.HDUList([fits.PrimaryHDU(np.zeros((4, 4), np.int16)), *(fits.ImageHDU() for _ in range(1500))])
    buffer = io.BytesIO()
    many.writeto(buffer)
    texts = {
        "a page of HTML": b"<html><body>404 Not Found</body></html>" * 50,
        "nothing but zeros": bytes(MIB),
        "a header that declares 100 GB": _block(absurd),
        "900 hierarchical keywords": _block(deep) + bytes(2880),
        "1500 extensions": buffer.getvalue(),
        "a frame that ends early": _block(good)[:2000],
        "text in UTF-16": "SIMPLE  = T".encode("utf-16") * 500,
        "a damaged gzip": gzip.compress(bytes(4 * MIB))[:900],
    }
    return [Case(name, "bad", content, weight=0.6) for name, content in texts.items()]


def _huge() -> list[Case]:
    bomb = gzip.compress(bytes(300 * MIB), 9)
    return [
        Case("a gzip bomb of 300 MB", "huge", bomb, weight=0.3),
        Case("40 MB of zeros", "huge", bytes(40 * MIB), weight=0.1),
        Case("more than the server takes", "huge", bytes(70 * MIB), weight=0.05),
    ]


def _block(header: fits.Header) -> bytes:
    return bytes(header.tostring().encode("ascii"))
