"""Archives of Level 0.5 frames as servers have them: folders of days and telescopes, with img_hdr.txt beside frames."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from level05 import frame_bytes, small_frame


@dataclass(frozen=True)
class Shot:
    """One exposure: its number, when it began (UTC, ISO 8601) and how it was taken."""

    number: int
    start: str
    detector: str = "C3"
    exptime: float = 19.1
    filter: str = "Clear"
    polar: str = "Clear"
    program: str = "Normal"
    side: int = 1024

    @property
    def name(self) -> str:
        """Name of its file."""
        return f"{self.number}.fts"

    @property
    def folder(self) -> str:
        """Its folder in an archive, with a slash at its end."""
        return f"{self.start[2:10].replace('-', '')}/{self.detector.lower()}/"

    @property
    def path(self) -> str:
        """Path of its file in an archive."""
        return self.folder + self.name

    def line(self) -> str:
        """Its line in img_hdr.txt, as Fortran's format writes it."""
        day, clock = self.start[:10].replace("-", "/"), self.start[11:19]
        return (
            f"{self.name:>12}  {day:>12}  {clock:>8}  {self.detector:>3}{self.exptime:8.1f}"
            f"{self.side:7}{self.side:7}{20:7}{1:7}"
            f"  {self.filter[:6]:>6}  {self.polar[:6]:>6}  {self.program[:8]:>8}{0:11.4f}{3390:6}"
        )

    def content(self, *, small: bool = True) -> bytes:
        """Its file; of 32 x 32 px unless a whole frame is asked for."""
        cards: dict[str, Any] = {
            "FILENAME": self.name,
            "DATE_OBS": self.start[:10].replace("-", "/"),
            "TIME_OBS": f"{self.start[11:19]}.594",
            "DETECTOR": self.detector,
            "EXPTIME": self.exptime,
            "FILTER": self.filter,
            "POLAR": self.polar,
            "LP_NUM": self.program,
        }
        return (small_frame if small else frame_bytes)(**cards)


def hourly(day: str = "2002-01-08", count: int = 4, first: int = 32082036, **how: Any) -> list[Shot]:
    """Exposures at 00:18:05, 01:18:05 ... of a day."""
    return [Shot(first + hour, f"{day}T{hour:02d}:18:05", **how) for hour in range(count)]


def files(shots: list[Shot], *, lists: bool = True) -> dict[str, bytes]:
    """Content of an archive by path."""
    found = {shot.path: shot.content() for shot in shots}
    for folder in {shot.folder for shot in shots} if lists else ():
        lines = [shot.line() for shot in shots if shot.folder == folder]
        found[f"{folder}img_hdr.txt"] = "".join(f"{line}\n" for line in lines).encode()
    return found
