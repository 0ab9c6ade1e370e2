"""CorInpaint from end to end: simulate a frame with missing blocks, restore it with TorchServe, compare with the truth.

    make demo        or        python examples/demo.py

All files are written to the folder demo/. The second run reuses the archive and takes seconds. `corinpaint demo`
restores the same frame, and those before it, without a server.
"""

from __future__ import annotations

import argparse
import io
import signal
import sys
import time
from pathlib import Path

import requests
from astropy.io import fits

from corinpaint.client import Client
from corinpaint.evaluate import demonstration
from corinpaint.export import mar
from corinpaint.export.torchserve import CONFIG, PORTS, Server, free_ports, ports_in_use, serve
from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.files import write_bytes
from corinpaint.lasco.level1.product import read_level1
from corinpaint.model.metadata import default_checkpoint

ROOT = CONFIG.parents[1]


class DemoError(Exception):
    """A step failed; the message has the remedy."""


def main() -> int:
    """Run the steps and return the exit status of the script."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--folder", type=Path, default=ROOT / "demo", help="folder of the results (demo/)")
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
    """Run all steps.

    Parameters
    ----------
    folder : Path
        Folder of the results; created if it is missing.
    checkpoint : Path
        The ``.safetensors`` weights to serve.

    Raises
    ------
    DemoError, CorInpaintError
        A step failed.
    """
    folder.mkdir(parents=True, exist_ok=True)

    print("1. Simulating a LASCO C3 Level 0.5 frame with missing telemetry blocks")
    simulation = demonstration.simulations()[-1]
    source = demonstration.write([simulation], folder)[0]
    print(f"   {source}: {int(simulation.missing.sum())} missing blocks")

    archive = folder / "corinpaint.mar"
    if up_to_date(archive, checkpoint):
        print(f"2. {archive} is up to date")
    else:
        print("2. Packing corinpaint.mar: exporting and verifying the network takes about a minute")
        mar.export(checkpoint, archive)

    print("3. Starting TorchServe on the loopback interface, with token authorisation")
    start = time.monotonic()
    with serve(archive, folder / "torchserve", ports()) as server:
        print(f"   ready after {time.monotonic() - start:.0f} s: {server.url('/predictions/corinpaint')}")
        product, picture = post(server, source)
    print("   TorchServe is stopped")

    name = fits.getheader(io.BytesIO(product))["FILENAME"]
    target = write_bytes(folder / name, product, overwrite=True)
    preview = write_bytes(target.with_suffix(".png"), picture, overwrite=True)
    print("5. Comparing the fill with the truth of the simulation")
    for line in demonstration.compare(simulation, read_level1(target)).lines():
        print(f"   {line}")
    print(f"Level 1 product:   {target}\nBefore and after:  {preview}")


def up_to_date(archive: Path, checkpoint: Path) -> bool:
    """Whether an archive is newer than all files from which it is made."""
    if not checkpoint.is_file():
        raise DemoError(
            f"{checkpoint} is missing; clone the complete repository, or train weights with `corinpaint train`"
        )
    if not archive.is_file():
        return False
    sources = [file for room in (*mar.SUBPACKAGES, "export", "serve_config") for file in (ROOT / room).rglob("*.*")]
    parts = [checkpoint, *(file for file in sources if file.suffix in (".py", ".yaml", ".json", ".fits"))]
    return all(part.stat().st_mtime <= archive.stat().st_mtime for part in parts)


def ports() -> dict[str, int]:
    """The ports of serve_config, or free ones when one of those is in use."""
    if not (used := ports_in_use(PORTS)):
        return PORTS
    print(f"   port {used[0]} is in use; using free ports instead")
    return free_ports()


def post(server: Server, source: Path) -> tuple[bytes, bytes]:
    """Post a frame over REST and gRPC, and return the product and its picture.

    Raises
    ------
    DemoError
        A request failed, or the data of the two products differ.
    """
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
    print("   both give bit-identical data")
    return product, picture


def rest(server: Server, content: bytes, accept: str) -> bytes:
    """Post a frame as curl does: raw bytes as the body, the format of the result in the Accept header."""
    headers = {**server.auth_headers(), "Content-Type": "application/fits", "Accept": accept}
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
    """The data of all extensions, without their headers."""
    with fits.open(io.BytesIO(product)) as hdus:
        return [hdu.data.tobytes() for hdu in hdus]


if __name__ == "__main__":
    sys.exit(main())
