"""Which frames are wanted: a range of time, and what their headers have to say."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from corinpaint.archive.acquisition.image_headers import ImageHeader
from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.level05.frame import DETECTORS
from corinpaint.lasco.level05.keywords import without_blanks
from corinpaint.lasco.reference_files.catalogue import FIRST_DAY

CADENCE_TOLERANCE = 0.05
"""Part of a cadence by which two frames may be closer than it: exposures begin some seconds early or late."""

_CLOCK = re.compile("[T: ]")
"""What a time has and a day has not."""


@dataclass(frozen=True)
class Query:
    """Which frames are wanted.

    Attributes
    ----------
    start, end : datetime.datetime
        Exposures that begin at `start` or later and before `end`, UTC, without time zone.
    detectors : tuple of str
        Telescopes, 'C2' and 'C3'.
    filters, polars : tuple of str
        Values of FILTER and of POLAR; empty for all. A number of POLAR is an angle in degrees.
    min_exposure, max_exposure : float
        Limits of the exposure time, s.
    cadence : datetime.timedelta
        Minimum time between two frames of the same telescope, filter and polariser, but for `CADENCE_TOLERANCE`.

    Raises
    ------
    OptionError
        When no frame can be like that.
    """

    start: datetime
    end: datetime
    detectors: tuple[str, ...] = DETECTORS
    filters: tuple[str, ...] = ()
    polars: tuple[str, ...] = ()
    min_exposure: float = 0.0
    max_exposure: float = math.inf
    cadence: timedelta = timedelta(0)

    def __post_init__(self) -> None:
        if self.end <= self.start:
            raise OptionError(f"{self.start} to {self.end}: ends before it begins", "give the first time first")
        if self.end.date() < FIRST_DAY:
            raise OptionError(f"{self.start} to {self.end}: before SOHO's launch", f"give a time after {FIRST_DAY}")

    @property
    def days(self) -> Iterator[date]:
        """The days of the range, UTC."""
        day = max(self.start.date(), FIRST_DAY)
        while day < self.end.date() or (day == self.end.date() and self.end.time() > datetime.min.time()):
            yield day
            day += timedelta(days=1)

    def takes(self, header: ImageHeader) -> bool:
        """Whether a frame is wanted, but for the cadence."""
        return (
            self.start <= header.start < self.end
            and header.detector in self.detectors
            and _is_one_of(header.filter, self.filters)
            and _is_one_of(header.polar, self.polars)
            and (not self._limits_exposure or self.min_exposure <= header.exptime <= self.max_exposure)
        )

    @property
    def _limits_exposure(self) -> bool:
        """Whether frames of unknown exposure time are left out."""
        return self.min_exposure > 0 or self.max_exposure < math.inf


class Selection:
    """Selects the wanted frames from the lists of one day after the other.

    Parameters
    ----------
    query : Query
    """

    def __init__(self, query: Query) -> None:
        self.query = query
        self._latest: dict[tuple[str, str, str], datetime] = {}

    def take(self, headers: Iterable[ImageHeader]) -> list[ImageHeader]:
        """The wanted ones of some frames.

        Parameters
        ----------
        headers : iterable of ImageHeader
            In the order of time, and after those of the calls before.

        Returns
        -------
        list of ImageHeader
        """
        return [header for header in headers if self.query.takes(header) and self._is_due(header)]

    def _is_due(self, header: ImageHeader) -> bool:
        kind = (header.detector, header.filter, header.polar)
        latest = self._latest.get(kind)
        if latest is not None and header.start - latest < self.query.cadence * (1 - CADENCE_TOLERANCE):
            return False
        self._latest[kind] = header.start
        return True


def parse_range(first: str, last: str | None = None, hours: float | None = None) -> tuple[datetime, datetime]:
    """A range of time from what a user writes.

    Parameters
    ----------
    first : str
        A day such as '2002-01-08', or a time such as '2002-01-08T02:00'.
    last : str, optional
        The last day, which belongs to the range, or the time at which it ends. By default the range is the first day,
        or what is left of it.
    hours : float, optional
        Length of the range.

    Returns
    -------
    start, end : datetime.datetime
        UTC, without time zone.

    Raises
    ------
    OptionError
        When one is neither a day nor a time, or both `last` and `hours` are given.

    Examples
    --------
    >>> parse_range("2002-01-08", "2002-01-09")
    (datetime.datetime(2002, 1, 8, 0, 0), datetime.datetime(2002, 1, 10, 0, 0))
    """
    start = _parse_time(first)
    midnight = datetime.combine(start.date(), datetime.min.time()) + timedelta(days=1)
    if hours is not None:
        if last is not None:
            raise OptionError(f"{last} and {hours:g} hours: two ends of a range", "give the last day or --hours")
        return start, start + timedelta(hours=hours)
    if last is None:
        return start, midnight
    end = _parse_time(last)
    return start, end if _CLOCK.search(last.strip()) else end + timedelta(days=1)


def _parse_time(text: str) -> datetime:
    try:
        time = datetime.fromisoformat(text.strip().replace("/", "-"))
    except ValueError as error:
        raise OptionError(f"{text}: neither a day nor a time", "write 2002-01-08 or 2002-01-08T02:00") from error
    if time.tzinfo is not None:
        raise OptionError(f"{text}: has a time zone, but all times are UTC", "write 2002-01-08T02:00")
    return time


def _is_one_of(listed: str, wanted: tuple[str, ...]) -> bool:
    """Whether a value of FILTER or POLAR, which a list may have cut, is one of those that are wanted."""
    short = _comparable(listed)
    return not wanted or any(short and _comparable(value).startswith(short) for value in wanted)


def _comparable(value: str) -> str:
    """A value without blanks and the sign +, in upper case; angles end with DEG."""
    value = without_blanks(value).lstrip("+")
    angle = re.match(r"-?\d+(?=(D(E(G(.*)?)?)?)?$)", value)
    return f"{angle[0]}DEG" if angle else value
