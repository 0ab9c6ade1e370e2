"""Frames sent by the clients of KServe's own package; `kserve_client.py` runs this in an environment that has it.

    python kserve_requests.py FRAME REST_URL GRPC_ADDRESS KEY FOLDER

Leaves the products that came over REST and gRPC, and what both say of readiness and of a damaged frame, in FOLDER.
"""

from __future__ import annotations

import asyncio
import base64
import json
import sys
from pathlib import Path

import grpc
import httpx
import numpy as np
from kserve import InferenceGRPCClient, InferenceRESTClient, InferInput, InferRequest, RESTConfig

MODEL = "corinpaint"


def main() -> None:
    """Ask, and write down what came."""
    frame, url, address, key, folder = sys.argv[1:]
    asyncio.run(ask(Path(frame).read_bytes(), url, address, key, Path(folder)))


async def ask(content: bytes, url: str, address: str, key: str, folder: Path) -> None:
    """Readiness, a product and an error, over REST and gRPC."""
    found: dict[str, dict[str, object]] = {"rest": {}, "grpc": {}}
    headers = {"authorization": f"Bearer {key}"}
    rest = InferenceRESTClient(RESTConfig(protocol="v2", retries=0))
    found["rest"]["server ready"] = await rest.is_server_ready(url)
    found["rest"]["model ready"] = await rest.is_model_ready(url, MODEL)
    response = await rest.infer(url, request(content), model_name=MODEL, headers=dict(headers))
    (folder / "rest.fits").write_bytes(base64.b64decode(response.outputs[0].data[0]))
    try:
        await rest.infer(url, request(content[:5000]), model_name=MODEL, headers=dict(headers))
    except httpx.HTTPStatusError as error:
        found["rest"]["damaged"] = str(error)
    async with InferenceGRPCClient(address) as client:
        metadata = tuple(headers.items())
        found["grpc"]["server ready"] = await client.is_server_ready(headers=metadata)
        found["grpc"]["model ready"] = await client.is_model_ready(MODEL, headers=metadata)
        answer = await client.infer(request(content), headers=metadata)
        (folder / "grpc.fits").write_bytes(answer.outputs[0].as_numpy()[0])
        try:
            await client.infer(request(content[:5000]), headers=metadata)
        except grpc.aio.AioRpcError as error:
            found["grpc"]["damaged"] = f"{error.code().name}: {error.details()}"
    (folder / "found.json").write_text(json.dumps(found))


def request(content: bytes) -> InferRequest:
    """A frame as a binary tensor."""
    tensor = InferInput("frame", [1], "BYTES")
    tensor.set_data_from_numpy(np.array([content], dtype=object))
    return InferRequest(MODEL, [tensor])


if __name__ == "__main__":
    main()
