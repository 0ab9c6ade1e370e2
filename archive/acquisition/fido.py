"""A client of `sunpy.net.Fido` for Level 0.5 frames of C2 and C3.

sunpy registers a client when its class is made, so that one import is all that it takes; sunpy has no entry point that
would do without. Nothing else in CorInpaint imports this module, or sunpy.

>>> from sunpy.net import Fido, attrs as a
>>> import corinpaint.archive.acquisition.fido
>>> found = Fido.search(a.Time("2002-01-08", "2002-01-09"), a.Instrument.lasco, a.Detector.c3, a.Level("0.5"))
>>> files = Fido.fetch(found["lascolevel05"], path="frames/{file}")

Folders are searched as by `corinpaint fetch`. sunpy's own `Scraper` cannot: a name of a frame says nothing of its time,
and it takes the two digits of the year in a name of a folder for one of 2000 to 2099 (sunpy 7.0.5).
"""

from __future__ import annotations

import warnings
from collections import OrderedDict
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from astropy.time import Time
from parfive import Results
from parfive.utils import get_filepath
from sunpy.net import attrs
from sunpy.net.attr import Attr
from sunpy.net.base_client import QueryResponseRow
from sunpy.net.dataretriever import GenericClient, QueryResponse
from tqdm.auto import tqdm

from corinpaint.archive.acquisition import fido_attrs, sources
from corinpaint.archive.acquisition.download import check_frame, download_frame
from corinpaint.archive.acquisition.image_headers import ImageHeader
from corinpaint.archive.acquisition.query import Query
from corinpaint.archive.acquisition.search import DayFolder, search
from corinpaint.archive.acquisition.server import MAX_CONNECTIONS, Server
from corinpaint.archive.acquisition.sources import SOURCES, Source
from corinpaint.lasco.errors import CorInpaintError, FetchError, FrameError, NoFrameError, OptionError
from corinpaint.lasco.level05.frame import DETECTORS
from corinpaint.lasco.reference_files.transfer import UnreachableError

LEVEL = "0.5"
"""Value of ``a.Level`` that this client answers to."""

_REQUIRED = {attrs.Time, attrs.Instrument, attrs.Level}
_OPTIONAL = {
    attrs.Detector,
    attrs.Provider,
    attrs.Source,
    attrs.Sample,
    fido_attrs.Filter,
    fido_attrs.Mirror,
    fido_attrs.Polar,
}


class FrameWarning(UserWarning):
    """Frames of a server that a search has to leave out."""


class LASCOLevel05Client(GenericClient):  # type: ignore[misc]  # sunpy has no types
    """
    Provides access to Level 0.5 frames of the coronagraphs LASCO C2 and C3 on SOHO.

    To use this client you must request Level 0.5 of the instrument LASCO. ``a.Provider`` chooses the server: NRL (the
    default), SDAC, near-real-time or quick-look. ``a.Sample`` is the minimum time between two frames.

    Examples
    --------
    >>> from sunpy.net import Fido, attrs as a
    >>> import corinpaint.archive.acquisition.fido
    >>> Fido.search(
    ...     a.Time("2002-01-08", "2002-01-09"), a.Instrument.lasco, a.Detector.c3, a.Level("0.5")
    ... )  # doctest: +SKIP
    """

    required = _REQUIRED

    @property
    def info_url(self) -> str:
        """Where the frames are described."""
        return SOURCES["nrl"].address

    @staticmethod
    def _attrs_module() -> tuple[str, str]:
        return "corinpaint", fido_attrs.__name__

    @classmethod
    def register_values(cls) -> dict[type[Attr], list[tuple[str, str]]]:
        """Values of attributes that this client knows."""
        return {
            attrs.Instrument: [("LASCO", "Large Angle and Spectrometric Coronagraph")],
            attrs.Source: [("SOHO", "Solar and Heliospheric Observatory")],
            attrs.Detector: [("C2", "Coronagraph 2"), ("C3", "Coronagraph 3")],
            attrs.Level: [(LEVEL, "LASCO: decoded telemetry, DN")],
            attrs.Provider: [(name.upper() if "-" not in name else name, one.holds) for name, one in SOURCES.items()],
        }

    @classmethod
    def _can_handle_query(cls, *query: Attr) -> bool:
        if not cls.check_attr_types_in_query(query, _REQUIRED, _OPTIONAL):
            return False
        known = {key: {value.lower() for value, _ in values} for key, values in cls.register_values().items()}
        return all(str(attr.value).lower() in known[type(attr)] for attr in query if type(attr) in known)

    def search(self, *args: Attr, **kwargs: Any) -> QueryResponse:  # noqa: ARG002
        """Search a server.

        Parameters
        ----------
        *args : sunpy.net.attr.Attr
            Time, instrument, level, and what else the frames have to be.

        Returns
        -------
        QueryResponse
            A row for each frame. Days without frames give none.

        Raises
        ------
        FetchError
            When the server cannot be reached, or answers with something else than lists of frames.
        """
        query = _query(args)
        if query is None:
            return QueryResponse([], client=self)
        values = {type(attr): getattr(attr, "value", "") for attr in args}
        provider = str(values.get(attrs.Provider, "nrl")).lower()
        server = Server(sources.find(provider, values.get(fido_attrs.Mirror)))
        server.check_reachable()
        folders = list(search(query, server))
        rows = [_row(header, folder, server.source) for folder in folders for header in folder.wanted]
        _tell(folders, must_raise=not rows)
        return QueryResponse(rows, client=self)

    def fetch(
        self,
        qres: QueryResponse,
        path: str | Path | None = None,
        overwrite: bool | str = False,
        progress: bool = True,
        downloader: Any = None,
        wait: bool = True,  # noqa: ARG002
        **kwargs: Any,  # noqa: ARG002
    ) -> Results:
        """Fetch frames, at most two at once, and check that they are whole.

        Parameters
        ----------
        qres : QueryResponse
            Rows of a search.
        path : str or Path, optional
            Folder, or a template with ``{file}``.
        overwrite : bool or 'unique'
            Whether a whole frame that is there is replaced, or the new one named otherwise; that of `downloader`
            where one is given.
        progress : bool
            Show a progress bar; likewise.
        downloader : parfive.Downloader, optional
            Gives `overwrite` and `progress` alone: it would leave damaged files in place.

        Returns
        -------
        parfive.Results
        """
        table = qres.as_table() if isinstance(qres, QueryResponseRow) else qres
        results = Results()
        if not len(table):
            return results
        if downloader is not None:
            overwrite, progress = downloader.config.overwrite, downloader.config.progress
        urls = [str(url) for url in table["url"]]
        names = [url.rsplit("/", 1)[-1] for url in urls]
        paths = self._get_full_filenames(table, names, None if path is None else Path(path))
        server = Server(Source("fido", urls[0], ""))
        with ThreadPoolExecutor(MAX_CONNECTIONS) as pool:
            waiting: list[tuple[str, Path, Future[Path]]] = [
                (url, target, pool.submit(_fetch, url, target, str(detector).upper(), server, overwrite))
                for url, target, detector in zip(urls, paths, table["Detector"], strict=True)
            ]
            for url, target, result in tqdm(waiting, desc="LASCO", unit="frame", disable=not progress):
                try:
                    results.append(path=str(result.result()), url=url)
                except CorInpaintError as error:
                    results.add_error(target, url, error)
        return results


def _query(args: tuple[Attr, ...]) -> Query | None:
    """What is asked for; None when there can be no frame."""
    values = {type(attr): getattr(attr, "value", None) for attr in args}
    (time,) = (attr for attr in args if isinstance(attr, attrs.Time))
    detector = values.get(attrs.Detector)
    filters, polars = ((str(values[kind]),) if kind in values else () for kind in (fido_attrs.Filter, fido_attrs.Polar))
    try:
        return Query(
            _to_datetime(time.start),
            _to_datetime(time.end) + timedelta(seconds=1),  # Fido's ranges include their ends
            (str(detector).upper(),) if detector else DETECTORS,
            filters,
            polars,
            cadence=timedelta(seconds=float(values.get(attrs.Sample) or 0)),
        )
    except OptionError:
        return None


def _to_datetime(time: Time) -> datetime:
    value: datetime = time.utc.to_datetime()
    return value


def _row(header: ImageHeader, folder: DayFolder, source: Source) -> OrderedDict[str, Any]:
    start = Time(header.start, scale="utc", format="datetime")
    end = start if header.exptime != header.exptime else Time(header.start + timedelta(seconds=header.exptime))
    for time in (start, end):
        time.format = "iso"
    return OrderedDict(
        {
            "Start Time": start,
            "End Time": end,
            "Instrument": "LASCO",
            "Source": "SOHO",
            "Provider": source.name.upper(),
            "Level": LEVEL,
            "Detector": header.detector,
            "Filter": header.filter,
            "Polar": header.polar,
            "Exposure": header.exptime,
            "url": folder.url + header.name,
        }
    )


def _tell(folders: list[DayFolder], *, must_raise: bool) -> None:
    """Warn of what was left out of a search, and raise what ended it, or left nothing of it."""
    for folder in folders:
        for note in folder.notes:
            warnings.warn(note, FrameWarning, stacklevel=3)
    for error in (error for folder in folders for error in folder.errors if not isinstance(error, NoFrameError)):
        if must_raise or isinstance(error, UnreachableError):
            raise error
        warnings.warn(str(error), FrameWarning, stacklevel=3)


def _fetch(url: str, target: Path, detector: str, server: Server, overwrite: bool | str) -> Path:
    """Fetch one frame, unless it is there whole; gives its path."""
    target.parent.mkdir(parents=True, exist_ok=True)  # two threads that both make it are no error, unlike in parfive
    path, is_there = get_filepath(target, overwrite)
    if is_there:
        try:
            check_frame(path, path.name, detector)
            return Path(path)
        except (FetchError, FrameError):
            pass
    download_frame(url, Path(path), detector, server)
    return Path(path)
