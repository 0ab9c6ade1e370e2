"""The adapter of a network, chosen by what the network says that it sees."""

from __future__ import annotations

from corinpaint.model.metadata import EQUALISED, NOISE, SEQUENCE, SEQUENCE_LEVELS
from corinpaint.restore.engines.base import Inpainter
from corinpaint.restore.network.base import NetworkAdapter
from corinpaint.restore.network.equalised import EqualisedNetwork
from corinpaint.restore.network.log_polar import LogPolarNetwork

DESCRIPTIONS = {
    EQUALISED.name: "on the detector grid in the equalised domain",
    NOISE.name: "in straightened windows of the detector grid in units of the noise",
    SEQUENCE.name: "in log-polar windows of the detector grid in units of the noise, with the frames before and after",
    SEQUENCE_LEVELS.name: "in log-polar windows of the detector grid in histogram levels, with frames before and after",
}
"""What networks see, by domain, as HISTORY says it; the wording of products changes with their format only."""


def adapt(engine: Inpainter) -> NetworkAdapter:
    """The adapter for the domain of a network.

    Parameters
    ----------
    engine : Inpainter

    Returns
    -------
    NetworkAdapter
    """
    return EqualisedNetwork(engine) if engine.info.domain == EQUALISED.name else LogPolarNetwork(engine)
