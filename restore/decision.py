"""Which zones of missing blocks are filled and which are refused.

The policy 'solarsoft' has SolarSoft's limits (``reduce_level_1.pro`` 1.68, ``fuzzy_image.pro`` 1.7), applied to each
zone by itself: more than 16 missing blocks, missing pixels that outnumber the good ones, or a zone at the edge of the
frame. SolarSoft masks every missing block of a frame then; here only the zone that offends.

The policy 'predicted' refuses beforehand only what lies in a frame whose missing pixels outnumber its good ones.
Whether a zone is filled well enough, the network says (`corinpaint.restore.limits.predicted`). So does 'auto', until
the context of the frame is known (`corinpaint.restore.limits.zones`).
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.level05 import blocks
from corinpaint.restore.limits.policies import SOLARSOFT

MAX_BLOCKS = 16
"""Missing blocks that a zone which is filled may have."""


@dataclass(frozen=True, eq=False, repr=False)
class ZoneRecord:
    """A zone of missing blocks and what becomes of it.

    Attributes
    ----------
    zone : Zone
        The blocks.
    refused : str
        Why it is not filled; empty when it is, or as long as nothing speaks against it.
    method : str
        What filled it; empty when nothing did.
    error : float or None
        Median error over noise that was measured for that method on such zones; None where none was.
    predicted : float or None
        Median over the zone's pixels of the standard deviation that the network gave its fill, over the noise of a
        pixel at that brightness, also where the zone was refused for it; None where no network that gives one filled.
    total : float or None
        Sum of the fill over the zone's pixels in the field of view on the detector grid, unit of the frame times px;
        None where nothing was filled.
    total_error : float or None
        1 sigma of that sum about the sum that would have been observed, without the uncertainty of the calibration;
        None where it was not measured for that method.
    pixels : int
        Number of those pixels.
    context : tuple of str
        File numbers of the context frames that the fill took from, the nearest in time first.
    """

    zone: blocks.Zone
    refused: str = ""
    method: str = ""
    error: float | None = None
    predicted: float | None = None
    total: float | None = None
    total_error: float | None = None
    pixels: int = 0
    context: tuple[str, ...] = ()

    @property
    def count(self) -> int:
        """Missing blocks of the zone."""
        return int(self.zone.missing.sum())

    def only_of(self, missing: blocks.Blocks) -> ZoneRecord:
        """The record; without the sum of its fill where the zone holds other blocks, whose pixels were put back."""
        if not (self.zone.missing & ~missing).any():
            return self
        return replace(self, total=None, total_error=None, pixels=0)

    def refuse(self, reason: str) -> ZoneRecord:
        """The record with a reason not to fill; the first reason stands."""
        return replace(self, refused=self.refused or reason)

    def __repr__(self) -> str:
        fate = f"refused: {self.refused}" if self.refused else f"filled by {self.method}" if self.method else "open"
        return f"<ZoneRecord {self.zone.number}: {self.count} missing blocks, {fate}>"


@dataclass(frozen=True)
class BlockCounts:
    """How many blocks of a frame are missing, and what became of them: missing = filled + refused + occulted.

    Attributes
    ----------
    missing, filled, refused : int
    occulted : int
        Missing blocks wholly outside of the field of view: nothing is to be filled there.
    """

    missing: int
    filled: int
    refused: int
    occulted: int


def decide(
    missing: blocks.Blocks, field: NDArray[np.bool_], observed: NDArray[np.bool_], policy: str = SOLARSOFT
) -> list[ZoneRecord]:
    """Decide for every zone of a frame.

    Parameters
    ----------
    missing : ndarray of bool, shape (H / 32, W / 32)
        Missing blocks that reach into the field of view.
    field : ndarray of bool, shape (H, W)
        Field of view on the detector grid.
    observed : ndarray of bool, shape (H, W)
        Good pixels: sent, not missing, in the field, not saturated.
    policy : str
        One of `corinpaint.restore.limits.policies.POLICIES`.

    Returns
    -------
    list of ZoneRecord
        In the order of `corinpaint.lasco.level05.blocks.zones`.
    """
    zones = blocks.zones(missing)
    if policy != SOLARSOFT:
        objection = _too_little_is_left(missing, field, observed)
        return [ZoneRecord(zone, objection) for zone in zones]
    return [ZoneRecord(zone, solarsoft_objection(zone, field, observed)) for zone in zones]


def accepted(records: Iterable[ZoneRecord], missing: blocks.Blocks) -> blocks.Blocks:
    """Those of the missing blocks of a frame whose zones are not refused; both of shape (H / 32, W / 32)."""
    found = np.zeros_like(missing)
    for record in records:
        if not record.refused:
            found |= record.zone.missing & missing
    return found


def counts(missing: blocks.Blocks, records: Iterable[ZoneRecord]) -> BlockCounts:
    """Count the blocks of a frame.

    Parameters
    ----------
    missing : ndarray of bool, shape (H / 32, W / 32)
        All missing blocks of the frame; blocks of the zones that are not among them, as of a user's mask, do not count.
    records : iterable of ZoneRecord
        Its zones, as they ended.
    """
    records = list(records)
    filled = sum(int((record.zone.missing & missing).sum()) for record in records if not record.refused)
    refused = sum(int((record.zone.missing & missing).sum()) for record in records if record.refused)
    total = int(missing.sum())
    return BlockCounts(total, filled, refused, total - filled - refused)


def _too_little_is_left(missing: blocks.Blocks, field: NDArray[np.bool_], observed: NDArray[np.bool_]) -> str:
    bad, good = int((blocks.to_pixels(missing) & field).sum()), int(observed.sum())
    return f"{bad} missing pixels of the frame outnumber {good} good ones" if bad > good else ""


def solarsoft_objection(zone: blocks.Zone, field: NDArray[np.bool_], observed: NDArray[np.bool_]) -> str:
    """Why SolarSoft's limits refuse a zone; empty where they do not. Parameters as for `decide`."""
    count = int(zone.missing.sum())
    if count > MAX_BLOCKS:
        return f"{count} missing blocks, more than {MAX_BLOCKS}"
    if zone.touches_edge:
        return "touches the edge of the frame"
    place = blocks.bounding_box(zone.area, field.shape)
    bad = int((blocks.to_pixels(zone.missing)[place] & field[place]).sum())
    good = int((blocks.to_pixels(zone.area)[place] & observed[place]).sum())
    if bad > good:
        return f"{bad} missing pixels outnumber {good} good ones"
    return ""


_KINDS = (
    (r"\d+ missing blocks?, more than (\d+)", r"more than \1 missing blocks"),
    (r"\d+ missing pixels? outnumber \d+ good ones", "missing pixels outnumber good ones"),
    (r"\d+ missing pixels? of the frame outnumber \d+ good ones", "missing pixels of the frame outnumber good ones"),
    (r"a predicted error of \S+ x noise, more than (\S+)", r"a predicted error of more than \1 x noise"),
    (r"filling .* has an error of \S+ x noise, more than (\S+)", r"an error of more than \1 x noise"),
    (r"the error of filling .* was not measured", "an error that was not measured"),
)


def kind_of_objection(objection: str) -> str:
    """Why a zone was refused without the numbers that are its own, so that zones can be counted by it.

    Parameters
    ----------
    objection : str
        As a zone's record and HISTORY say it.

    Returns
    -------
    str

    Examples
    --------
    >>> kind_of_objection("17 missing blocks, more than 16")
    'more than 16 missing blocks'
    >>> kind_of_objection("touches the edge of the frame")
    'touches the edge of the frame'
    """
    for pattern, kind in _KINDS:
        found = re.fullmatch(pattern, objection)
        if found:
            return found.expand(kind)
    return objection
