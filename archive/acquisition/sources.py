"""The servers that hold Level 0.5 frames. All have the same layout: YYMMDD/c3/NNNNNNNN.fts, and img_hdr.txt beside.

The addresses are those that public programs use; see docs/how_to/fetch.md for what is known of each server.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Source:
    """A server, or a part of one, that holds frames.

    Attributes
    ----------
    name : str
        What the option ``--source`` calls it.
    address : str
        Address of the folder that holds the folders of the days; ends with a slash.
    holds : str
        What it holds, in words.
    """

    name: str
    address: str
    holds: str

    def folder(self, day: date, detector: str) -> str:
        """Address of the folder of a day and telescope, with a slash at its end.

        >>> SOURCES["nrl"].folder(date(2002, 1, 8), "C3")
        'https://lasco-www.nrl.navy.mil/lz/level_05/020108/c3/'
        """
        return f"{self.address}{folder_name(day, detector)}/"


SOURCES = {
    source.name: source
    for source in (
        Source("nrl", "https://lasco-www.nrl.navy.mil/lz/level_05/", "the archive of the LASCO team, 1996 to 2026"),
        Source("sdac", "https://umbra.nascom.nasa.gov/pub/lasco_level05/", "a copy of it, 1996-02 to 2025-02"),
        Source(
            "near-real-time",
            "https://umbra.nascom.nasa.gov/pub/lasco/lastimage/level_05/",
            "about the last two weeks, before the final version",
        ),
        Source(
            "quick-look",
            "https://sohoftp.nascom.nasa.gov/qkl/lasco/quicklook/level_05/",
            "quick-look frames, with more missing blocks than the final version",
        ),
    )
}
"""The servers by their names."""


def find(name: str, mirror: str | None = None) -> Source:
    """The source of a name, or a mirror.

    Parameters
    ----------
    name : str
        A key of `SOURCES`.
    mirror : str, optional
        Address of a folder with the folders of the days, which takes the place of the source.
    """
    return Source("mirror", mirror.rstrip("/") + "/", "a mirror") if mirror else SOURCES[name]


def folder_name(day: date, detector: str) -> str:
    """Folder of a day and telescope below the archive, such as '020108/c3'."""
    return f"{day:%y%m%d}/{detector.lower()}"


def elsewhere(source: Source) -> str:
    """Where else frames may be, as the remedy of an error."""
    others = [other.name for other in SOURCES.values() if other is not source]
    return f"or take the frames from --source {', '.join(others[:-1])} or {others[-1]}, or from a --mirror"
