"""Policies of what is filled: SolarSoft's limits on the blocks of a zone, or a limit of the error that is predicted."""

from __future__ import annotations

from corinpaint.lasco.errors import OptionError
from corinpaint.model.metadata import EQUALISED

SOLARSOFT = "solarsoft"
"""Zones within SolarSoft's limits are filled; see `corinpaint.restore.decision`."""

PREDICTED = "predicted"
"""Zones of any size are filled by the network, and kept where the error that it predicts is within a limit."""

AUTO = "auto"
"""As 'solarsoft'; zones beyond its limits are treated by 'predicted' where context frames show all of them, and the
intervals of such fills were measured to hold (`corinpaint.restore.limits.by_size`)."""

POLICIES = (AUTO, SOLARSOFT, PREDICTED)

DEFAULT_POLICY = AUTO

MAX_PREDICTED = 1.5
"""Limit of the predicted error without another one, times the noise of a pixel. What the fill does not know is then at
most 1.1 times the noise that it cannot know (the root of 1.5 squared less 1), and more than nine of ten holes of 4 x 4
blocks, the largest within SolarSoft's limits, stay below it; docs/explanation/fills.md has the figures."""

PREDICTING = ("network", "none")
"""Methods of filling that the policy 'predicted' is for."""


def check_policy(policy: str, fill: str, domain: str | None = None) -> None:
    """Refuse a policy that there is not, or that the fill cannot follow.

    Parameters
    ----------
    policy : str
    fill : str
        Method of filling that is asked for.
    domain : str, optional
        Of the network; None for the shipped one.

    Raises
    ------
    OptionError
    """
    if policy not in POLICIES:
        raise OptionError(f"policy = {policy[:40]!r} is unknown", f"choose one of {', '.join(POLICIES)}")
    if policy != PREDICTED:
        return
    if fill not in PREDICTING:
        raise OptionError(
            f"policy = {PREDICTED!r} with fill = {fill!r}, which predicts no error", f"fill by {PREDICTING[0]}"
        )
    if domain == EQUALISED.name:
        raise OptionError(
            f"policy = {PREDICTED!r} with a network of the domain {domain!r}, which predicts no error",
            "use the shipped weights, or others that see log-polar windows",
        )


def effective_policy(policy: str, fill: str, *, context: bool) -> str:
    """The policy that a frame is filled by: 'auto' is 'solarsoft' but for the network with context.

    Parameters
    ----------
    policy : str
    fill : str
        Method of filling that is asked for.
    context : bool
        Whether context frames are given, or looked for.

    Returns
    -------
    str
        As FILLPOL has it.
    """
    return SOLARSOFT if policy == AUTO and not (fill == PREDICTING[0] and context) else policy


def predicted_limit(policy: str, max_error: float | None) -> float | None:
    """Limit of the error that the network predicts for a zone.

    Parameters
    ----------
    policy : str
    max_error : float or None
        As it was asked for, times the noise of a pixel.

    Returns
    -------
    float or None
        `max_error`; without it `MAX_PREDICTED` by the policy 'predicted', and none by 'solarsoft' and for the zones
        within SolarSoft's limits by 'auto'.
    """
    return MAX_PREDICTED if max_error is None and policy == PREDICTED else max_error


def measured_limit(policy: str, max_error: float | None) -> float | None:
    """Limit of the error that was measured for a method on zones of a size; the policy 'predicted' has none.

    Parameters and result as for `predicted_limit`.
    """
    return None if policy == PREDICTED else max_error
