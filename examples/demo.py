"""CorInpaint from end to end: a frame with lost blocks is simulated, restored through TorchServe, and compared.

    make demo        or        python examples/demo.py

Everything that it makes is in the folder demo/. The second run reuses the archive and takes seconds.
"""

from __future__ import annotations

import argparse
import io
import signal
import sys
import time
from dataclasses import replace
from pathlib import Path

import numpy as np
import requests
from astropy.io import fits
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import spsolve

from corinpaint.client import Client
from corinpaint.export import mar
from corinpaint.export.torchserve import CONFIG, PORTS, Server, busy, free_ports, serve
from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.files import write_bytes
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level1 import product as level1
from corinpaint.lasco.level1.calibrate import make_product
from corinpaint.lasco.photometry.detector import ObservedFrame, calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_assets
from corinpaint.lasco.simulation import scene
from corinpaint.model.metadata import default_checkpoint
from corinpaint.restore import pipeline

HOUSE = CONFIG.parents[1]
SEED = 20

Image = NDArray[np.float32]


class DemoError(Exception):
    """A step failed; the message says what to do."""


def main() -> int:
    """Run the steps; the exit code of the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=HOUSE / "demo", help="where results go (demo/)")
    parser.add_argument("--checkpoint", type=Path, default=default_checkpoint(), help="weights (the shipped ones)")
    arguments = parser.parse_args()
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    try:
        run(arguments.folder, arguments.checkpoint)
    except (CorInpaintError, DemoError) as error:
        print(f"The demo failed: {error}", file=sys.stderr)
        return 1
    except OSError as error:
        place = error.filename or arguments.folder
        print(f"The demo failed: {place}: {error.strerror or error}; check the folder and space", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("Interrupted; TorchServe is stopped.", file=sys.stderr)
        return 130
    return 0


def run(folder: Path, checkpoint: Path) -> None:
    """The steps, one after the other."""
    folder.mkdir(parents=True, exist_ok=True)

    print("1. Simulating a LASCO C3 Level 0.5 frame with lost telemetry blocks")
    simulation = scene.simulate(SEED, lost=lost_blocks(), cme=True)
    source = scene.write(simulation, folder / simulation.frame.name, overwrite=True)
    print(f"   {source}: {int(simulation.lost.sum())} blocks lost")

    archive = folder / "corinpaint.mar"
    if up_to_date(archive, checkpoint):
        print(f"2. {archive} is up to date")
    else:
        print("2. Packing corinpaint.mar: exports and their comparison with the checkpoint, about a minute")
        mar.export(checkpoint, archive)

    print("3. Starting TorchServe on loopback, with token authorisation")
    start = time.monotonic()
    with serve(archive, folder / "torchserve", ports()) as server:
        print(f"   ready after {time.monotonic() - start:.0f} s: {server.url('/predictions/corinpaint')}")
        product, picture = post(server, source)
    print("   TorchServe is stopped")

    name = fits.getheader(io.BytesIO(product))["FILENAME"]
    target = write_bytes(folder / name, product, overwrite=True)
    preview = write_bytes(target.with_suffix(".png"), picture, overwrite=True)
    print("5. Comparing the fill with the truth of the simulation")
    print(comparison(simulation, product))
    print(f"Level 1 product:   {target}\nBefore and after:  {preview}")


def lost_blocks() -> blocks.Blocks:
    """Single blocks, a run and clusters in the corona; shape (32, 32)."""
    lost = np.zeros((blocks.BLOCKS_PER_SIDE, blocks.BLOCKS_PER_SIDE), dtype=bool)
    lost[20, 7] = lost[9, 20] = lost[26, 19] = True
    lost[24, 10:14] = True
    lost[12:14, 22:24] = True
    lost[20:23, 23:26] = True
    return lost


def up_to_date(archive: Path, checkpoint: Path) -> bool:
    """Whether an archive is newer than everything that goes into it."""
    if not checkpoint.is_file():
        raise DemoError(f"{checkpoint} is missing; take a complete clone, or train weights with `corinpaint train`")
    if not archive.is_file():
        return False
    sources = [file for room in (*mar.ROOMS, "export", "serve_config") for file in (HOUSE / room).rglob("*.*")]
    parts = [checkpoint, *(file for file in sources if file.suffix in (".py", ".yaml", ".json", ".fits"))]
    return all(part.stat().st_mtime <= archive.stat().st_mtime for part in parts)


def ports() -> dict[str, int]:
    """The ports of serve_config, or free ones when one of those is busy."""
    if not (taken := busy(PORTS)):
        return PORTS
    print(f"   port {taken[0]} is busy; taking free ports instead")
    return free_ports()


def post(server: Server, source: Path) -> tuple[bytes, bytes]:
    """The product and its picture; the product comes over REST and over gRPC, and has to be the same."""
    print("4. Posting the frame over REST and over gRPC")
    content = source.read_bytes()
    product = rest(server, content, "application/fits")
    picture = rest(server, content, "image/png")
    try:
        with Client(f"grpc://{server.grpc_address}", token=server.keys["inference"]) as client:
            other = client.restore(content)
    except CorInpaintError as error:
        raise DemoError(f"the frame was refused over gRPC ({error}); the server's log is {server.log}") from error
    if data_of(product) != data_of(other.body):
        raise DemoError(f"REST and gRPC give different data; the server's log is {server.log}")
    print("   both give the same data, bit for bit")
    return product, picture


def rest(server: Server, content: bytes, accept: str) -> bytes:
    """Post a frame as curl would: raw bytes, the format of the result in the Accept header."""
    headers = {**server.token(), "Content-Type": "application/fits", "Accept": accept}
    start = time.monotonic()
    try:
        answer = requests.post(server.url("/predictions/corinpaint"), data=content, headers=headers, timeout=180)
    except requests.RequestException as error:
        raise DemoError(f"no answer over REST ({type(error).__name__}); the server's log is {server.log}") from error
    if answer.status_code != 200:
        raise DemoError(f"the frame was refused: {answer.status_code} {answer.text[:300]}; log: {server.log}")
    print(f"   {accept}: {len(answer.content) / 2**20:.1f} MiB after {time.monotonic() - start:.1f} s")
    return answer.content


def data_of(product: bytes) -> list[bytes]:
    """Image and mask, without their headers."""
    with fits.open(io.BytesIO(product)) as hdus:
        return [hdu.data.tobytes() for hdu in hdus]


def comparison(simulation: scene.Simulation, product: bytes) -> str:
    """How far filled pixels are from the truth, for the network and for a harmonic fill.

    The error is the median distance from the exposure without loss, noise and all, in units of the median noise of the
    same pixels: a perfect fill has 1. The bias is that of the mean, against the noise-free scene.
    """
    with fits.open(io.BytesIO(product)) as hdus:
        filled, mask = np.asarray(hdus[0].data, np.float32), np.asarray(hdus["MASK"].data)
    assets = load_assets()
    complete = replace(simulation.frame, data=simulation.complete)
    observed = pipeline.restore(complete, fill="none").level1.data
    exposed = calibrate_on_detector(complete, assets)
    clean = make_product(replace(exposed, brightness=simulation.brightness)).data
    plain = make_product(replace(exposed, brightness=harmonic_fill(calibrate_on_detector(simulation.frame, assets))))
    holes = (mask == level1.Flag.FILLED) & np.isfinite(observed)
    noise = np.median(np.abs(observed - clean)[holes])
    lines = [f"   {int(holes.sum())} pixels in holes; noise of a pixel there {noise:.2e} mean solar brightness"]
    for name, image in (("network", filled), ("harmonic fill", plain.data)):
        error = np.median(np.abs(image - observed)[holes]) / noise
        bias = (image - clean)[holes].mean() / clean[holes].mean() * 100
        lines.append(f"   {name:<14} error {error:5.2f} x noise   bias {bias:+6.2f} %")
    return "\n".join(lines)


def harmonic_fill(calibrated: ObservedFrame) -> Image:
    """The smoothest surface through the rims of the holes (Laplace's equation), as a rival without a network."""
    hole = blocks.to_pixels(calibrated.missing_in_field) & calibrated.field
    number = np.full(hole.shape, -1)
    number[hole] = np.arange(hole.sum())
    weight, known = np.zeros(hole.sum()), np.zeros(hole.sum())
    pairs: list[NDArray[np.int64]] = []
    for shift, axis in ((1, 0), (-1, 0), (1, 1), (-1, 1)):
        beside, value = np.roll(number, shift, axis)[hole], np.roll(calibrated.brightness, shift, axis)[hole]
        rim, inside = np.roll(calibrated.observed, shift, axis)[hole], beside >= 0
        weight += rim | inside
        known += np.where(rim, value, 0)
        pairs.append(np.stack([np.flatnonzero(inside), beside[inside]]))
    rows, columns = np.concatenate(pairs, axis=1)
    matrix = sparse.diags(weight) - sparse.csr_matrix((np.ones(rows.size), (rows, columns)), shape=(weight.size,) * 2)
    filled = calibrated.brightness.copy()
    filled[hole] = spsolve(matrix.tocsc(), known)
    return filled


if __name__ == "__main__":
    sys.exit(main())
