"""Header cards that say how a frame's missing blocks were filled."""

from __future__ import annotations

from collections.abc import Sequence

from corinpaint.lasco.level1.header import Cards, significant
from corinpaint.lasco.nominal import pixel_response
from corinpaint.lasco.version import __version__
from corinpaint.model.metadata import DOMAINS
from corinpaint.restore.decision import ZoneRecord
from corinpaint.restore.engines.base import ModelInfo


def fill_cards(
    fill: str,
    policy: str,
    max_error: float | None,
    context: str,
    zones: Sequence[ZoneRecord],
    model: ModelInfo | None,
    detector: str,
) -> Cards:
    """The cards of a product.

    Parameters
    ----------
    fill : str
        Method of filling that was asked for.
    policy : str
        See `corinpaint.restore.limits.policies`.
    max_error : float or None
        Limit of the error that held.
    context : str
        Context frames that were asked for, see `corinpaint.restore.context.asked`.
    zones : sequence of ZoneRecord
        As they ended.
    model : ModelInfo or None
        The network that was run.
    detector : str
        'C2' or 'C3'.

    Returns
    -------
    list of (str, str or float or int, str)
        Keyword, value and comment.
    """
    taken = " ".join(dict.fromkeys(number for record in zones for number in record.context)) or "none"
    cards: Cards = [
        ("FILL", fill, "method of filling that was asked for"),
        ("FILLPOL", policy, "policy of what is filled"),
        ("MAXERR", "none" if max_error is None else significant(max_error), "x noise, limit of a fill's error"),
        ("CTXASKED", context, "context frames that were asked for"),
        ("CONTEXT", taken, "context frames of the fills"),
    ]
    if model is None:
        return [*cards, ("WEIGHTS", "none", "no network was run")]
    return [
        *cards,
        ("WEIGHTS", model.sha256, "sha256 of the network's weights"),
        ("NETVER", model.version, "CorInpaint version of the weights"),
        ("FILLVER", __version__, "CorInpaint version that filled"),
        ("PIXRESP", _response(model, detector), "sha256 of the pixels' response in the fills"),
    ]


def _response(model: ModelInfo, detector: str) -> str:
    """The map of the pixel response that a network's fills show; see `corinpaint.restore.network.log_polar`."""
    return pixel_response.file(detector).sha256 if DOMAINS[model.domain].divides_response else "none"
