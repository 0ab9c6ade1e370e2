"""What logs say of the frames of a run: the outcomes of `archive run`, and the failures that `--log-json` names."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.archive.running import logs
from corinpaint.archive.running.merge import MERGED
from corinpaint.lasco.errors import OptionError, OutputError

FAILURES = "failures"
"""Entry of the summary that `--log-json` writes."""


def read(path: Path) -> list[Outcome]:
    """What became of the frames of a run.

    Parameters
    ----------
    path : Path
        Folder of a run (`corinpaint archive`), one of its logs or outcomes.jsonl, or the summary of `--log-json`, which
        names only the frames that failed.

    Returns
    -------
    list of Outcome
        The last of each frame.

    Raises
    ------
    OptionError
        When it is nothing of these.
    OutputError
        When it cannot be read.
    """
    found = list(_of_folder(path) if path.is_dir() else _of_file(path))
    return list({outcome.frame or outcome.what: outcome for outcome in found}.values())


def has_logs(folder: Path) -> bool:
    """Whether a folder is that of a run with logs."""
    return (folder / MERGED).is_file() or bool(logs.files(folder))


def _of_folder(folder: Path) -> Iterator[Outcome]:
    if not has_logs(folder):
        raise OptionError(f"{folder}: has no logs", "give the folder of a run, or the file of --log-json")
    for path in logs.files(folder) or [folder / MERGED]:
        yield from _lines(path)


def _lines(path: Path) -> Iterator[Outcome]:
    for line in logs.read(path):
        if line.outcome is not None:
            yield line.outcome


def _of_file(path: Path) -> list[Outcome]:
    if (summary := _summary(path)) is not None:
        return list(_failures(summary))
    found = list(_lines(path))
    if not found:
        raise OptionError(
            f"{path}: is no log of a run", "give the folder of a run, one of its logs, or the file of --log-json"
        )
    return found


def _summary(path: Path) -> dict[str, Any] | None:
    """The summary that `--log-json` wrote; None for other files."""
    try:
        found = json.loads(path.read_bytes())
    except OSError as error:
        raise OutputError(f"{path}: cannot be read ({error.strerror})", "check the path and its permissions") from error
    except ValueError:
        return None
    return found if isinstance(found, dict) and isinstance(found.get(FAILURES), dict) else None


def _failures(summary: dict[str, Any]) -> Iterator[Outcome]:
    for code, files in summary[FAILURES].items():
        for one in files:
            yield Outcome(
                str(one.get("file", "")),
                Fate.FAILED,
                code=str(code),
                what=str(one.get("what", "")),
                remedy=str(one.get("remedy", "")),
            )
