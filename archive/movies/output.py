"""Where a movie goes, and the list of what is in it: both made aside and renamed, so that nothing partial is seen."""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from corinpaint.lasco.errors import OutputError

LIST = "movie.json"
"""Name of the list in a folder of pictures; beside a file, it has the name of the file and ``.json``."""


def list_of(path: Path) -> Path:
    """Path of the list of a movie.

    Examples
    --------
    >>> list_of(Path("cme.mp4")).name, str(list_of(Path("cme")))
    ('cme.mp4.json', 'cme/movie.json')
    """
    return path.with_name(f"{path.name}.json") if path.suffix else path / LIST


def check_free(path: Path, *, overwrite: bool) -> None:
    """Raise an error when something is there that may not be replaced; of folders, only those of a movie may be.

    Raises
    ------
    OutputError
    """
    if not os.path.lexists(path):
        return
    if path.is_dir() if path.suffix else not (path / LIST).is_file():
        raise OutputError(f"{path}: is there already, and is no movie", "choose another name")
    if not overwrite:
        raise OutputError(f"{path}: is there already", "remove it, choose another name or allow --overwrite")


def place(made: Path, path: Path, record: Mapping[str, Any]) -> None:
    """Give a movie its place, with its list.

    Parameters
    ----------
    made : Path
        The movie, in a temporary folder beside its place.
    path : Path
        Its place, see `check_free`.
    record : mapping
        Content of the list.

    Raises
    ------
    OutputError
        When they cannot be written.
    """
    listed = list_of(made)
    try:
        listed.write_text(json.dumps(record, indent=1) + "\n")
        if not path.suffix:
            if path.is_dir():
                os.replace(path, made.with_name(f"{made.name}.before"))  # which goes with the temporary folder
            os.replace(made, path)
            return
        os.replace(made, path)
        os.replace(listed, list_of(path))
    except OSError as error:
        raise OutputError(
            f"{path}: cannot be written ({error.strerror})", "check the folder, its rights and space"
        ) from error
