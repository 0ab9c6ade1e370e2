"""The same requests to TorchServe and to the server in Python: status, headers and bodies have to be equal.

    python benchmarks/same_answers.py [--archive corinpaint.mar] [--requests 200]

Requests are good, damaged, too large, without key or model; raw, as forms and over gRPC, with every option
(``tests/support/contract.py``). Of a body only the request's id may differ. Exit status 1 when an answer differs.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from pathlib import Path

import timing

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests" / "support"))

import contract

from corinpaint.export import mar
from corinpaint.export.torchserve import free_ports, serve
from corinpaint.handlers.asgi.server import Settings, serving


def main() -> int:
    """Compare; the exit code of the script."""
    parser = argparse.ArgumentParser(description="Send the same requests to both servers.")
    parser.add_argument("--archive", type=Path, help="archive; by default one is packed from the shipped weights")
    parser.add_argument("--requests", type=int, default=200)
    arguments = parser.parse_args()
    os.environ.setdefault("SOURCE_DATE_EPOCH", "1262304000")  # the date of products, which midnight could part
    with tempfile.TemporaryDirectory(prefix="same-") as name:
        folder = Path(name)
        archive = arguments.archive or mar.export(None, folder / "corinpaint.mar")
        asked = list(contract.cases(folder))
        rounds = -(-arguments.requests // len(asked))
        asked = (asked * rounds)[: arguments.requests]
        with serve(archive, folder / "torchserve", free_ports()) as server:
            one = [contract.ask(item, server.url(""), server.auth_headers(), server.grpc_address) for item in asked]
        with serving(archive, Settings(folder / "asgi", port=0, metrics_port=0, grpc_port=0)) as server:
            server.wait_until_ready()
            address = f"127.0.0.1:{server.grpc_port}"
            other = [contract.ask(item, server.url(), server.auth_headers(), address) for item in asked]
    differ = [(item, *pair) for item, *pair in zip(asked, one, other, strict=True) if pair[0] != pair[1]]
    for item, left, right in differ:
        print(f"DIFFERS: {item.name}: {left.status} {left.headers} {left.body[:300]!r}")
        print(f"         {right.status} {right.headers} {right.body[:300]!r}")
    good = sum(came.status == 200 for came in one)
    print(
        f"{len(asked)} requests ({good} answered by 200), {len(differ)} answers differ. {timing.machine('torchserve')}"
    )
    return 1 if differ else 0


if __name__ == "__main__":
    sys.exit(main())
