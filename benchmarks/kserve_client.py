"""The server in Python, asked by the clients of KServe's own package.

    python -m venv kserve && kserve/bin/pip install kserve==0.21.0
    python benchmarks/kserve_client.py --python kserve/bin/python

KServe's package has requirements of its own, so its clients run in an environment of their own. They ask whether the
server and the model are ready, and send a simulated frame with four missing blocks and a damaged one, over REST and
gRPC. Exit status 1 unless both products are those of this process, byte for byte, and both damaged frames are errors
that name the fault.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
from pathlib import Path

import asgi_process

from corinpaint.client.tokens import read_key
from corinpaint.export import mar
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.simulation import scene
from corinpaint.restore.engines import loading
from corinpaint.restore.pipeline import restore

REQUESTS = Path(__file__).with_name("kserve_requests.py")
SECONDS = 300
FAULT = "the header ends before its END card"


def main() -> None:
    """Serve, have KServe's clients ask, compare."""
    parser = argparse.ArgumentParser(description="Have the clients of KServe's package ask the server in Python.")
    parser.add_argument("--python", type=Path, required=True, help="interpreter of an environment with kserve")
    parser.add_argument("--archive", type=Path, help="by default one is packed from the shipped weights")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="kserve-") as name:
        folder = Path(name)
        archive = arguments.archive or mar.export(None, folder / "packed" / "corinpaint.mar")
        frame = scene.write(scene.simulate(5, missing=4), folder / "32082037.fts")
        expected = restore(read_frame(frame.read_bytes()), inpainter=loading.load()).level1.to_bytes()
        with asgi_process.serving(archive, folder / "server") as server:
            words = [frame, server.address, server.grpc_address, read_key(server.key_file), folder]
            command = [arguments.python, REQUESTS, *words]
            subprocess.run(list(map(str, command)), check=True, timeout=SECONDS)
        found = json.loads((folder / "found.json").read_text())
        for kind, answers in found.items():
            answers["same bytes"] = (folder / f"{kind}.fits").read_bytes() == expected
            print(f"{kind}: " + "; ".join(f"{what}: {answer}" for what, answer in answers.items()))
    right = all(
        answers["same bytes"] and answers["server ready"] and answers["model ready"] and FAULT in answers["damaged"]
        for answers in found.values()
    )
    sys.exit(0 if right else 1)


if __name__ == "__main__":
    main()
