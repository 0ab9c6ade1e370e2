"""What every export has in common: the description it carries, and that it appears whole or not at all."""

from __future__ import annotations

import json
from typing import Any

import torch

from corinpaint.export.verify import single_thread
from corinpaint.lasco.version import __version__
from corinpaint.model.checkpoint import Network
from corinpaint.model.metadata import CheckpointInfo
from corinpaint.restore.engines import fingerprints


def describe(info: CheckpointInfo, model: Network, precision: str = "float32", **more: Any) -> str:
    """The description of an export, as `corinpaint.restore.engines.base.parse_info` reads it.

    Parameters
    ----------
    info : CheckpointInfo
    model : LayerStack or StraightStack
        In float32: its fingerprint is taken here.
    precision : str
        Of the export: 'float32', or 'mixed' where the convolutions are in half precision.
    **more
        What else there is to say of it: plain values for JSON.

    Returns
    -------
    str
        JSON; docs/how_to/export.md has the keys.
    """
    given = fingerprints.given(info.domain, info.multiple)
    with single_thread(), torch.inference_mode():  # the same digits on every machine with the same torch
        outputs = model.inference_module().eval()(*map(torch.from_numpy, given))
    return json.dumps(
        {
            "corinpaint_version": info.corinpaint_version,
            "exported_by": __version__,
            "sha256": info.sha256,
            "multiple": info.multiple,
            "reach": info.reach,
            "domain": info.domain,
            "inputs": model.inputs,
            "outputs": model.outputs,
            "uncertainty": model.outputs[2] if len(model.outputs) > 2 else None,
            "precision": precision,
            "fingerprint": fingerprints.take([output.numpy() for output in outputs], precision),
            **more,
        },
        sort_keys=True,
    )
