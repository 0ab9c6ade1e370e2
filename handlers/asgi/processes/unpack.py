"""An archive (.mar) on disk, as the workers need it: unpacked, with its manifest and its configuration."""

from __future__ import annotations

import contextlib
import json
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import yaml

from corinpaint.lasco.errors import CorInpaintError, OptionError

TEMPLATE = Path("corinpaint/handlers/asgi/processes/template.py")
"""What an archive holds that this server can serve."""

MAX_UNPACKED_BYTES = 2**32


class ArchiveError(CorInpaintError):
    """The archive cannot be served."""

    code = "archive"


@dataclass(frozen=True)
class Archive:
    """An archive that is unpacked.

    Attributes
    ----------
    folder : Path
    name : str
        Name of the model: that of the file.
    version : str
        Version of the model.
    config : mapping
        model-config.yaml.
    """

    folder: Path
    name: str
    version: str
    config: Mapping[str, Any]

    def number(self, key: str, default: int) -> int:
        """A number of model-config.yaml.

        Parameters
        ----------
        key : str
        default : int
            Where the key is missing.

        Returns
        -------
        int

        Raises
        ------
        OptionError
            When it is no number above 0.
        """
        value = self.config.get(key, default)
        if isinstance(value, bool) or not isinstance(value, int) or value < 1:
            raise OptionError(f"model-config.yaml: {key} = {value!r}", "give a number above 0")
        return value


@contextlib.contextmanager
def unpacked(path: Path) -> Iterator[Archive]:
    """Unpack an archive into a temporary folder, which is removed at the end of the block.

    Parameters
    ----------
    path : Path

    Yields
    ------
    Archive

    Raises
    ------
    ArchiveError
        When it cannot be read, is damaged, cannot be written to disk, or holds no code that this server can run.
    """
    with contextlib.ExitStack() as stack:
        try:
            folder = Path(stack.enter_context(TemporaryDirectory(prefix="corinpaint-serve-")))
            archive = _unpack(path, folder)
        except (zipfile.BadZipFile, zlib.error, EOFError, KeyError, ValueError, yaml.YAMLError) as error:
            raise ArchiveError(
                f"{path}: the archive is damaged ({error})", "make it with `corinpaint export mar`"
            ) from error
        except OSError as error:
            raise ArchiveError(
                f"{path}: cannot be unpacked ({error})", "check the file and the disk of TMPDIR"
            ) from error
        yield archive


def _unpack(path: Path, folder: Path) -> Archive:
    with zipfile.ZipFile(path) as content:
        if sum(entry.file_size for entry in content.infolist()) > MAX_UNPACKED_BYTES:
            raise ValueError("more than 4 GiB")
        content.extractall(folder)  # checks every CRC, and leaves out absolute and parent folders of names
    manifest = json.loads((folder / "MAR-INF" / "MANIFEST.json").read_text())["model"]
    config = folder / str(manifest.get("configFile", "model-config.yaml"))
    if not (folder / TEMPLATE).is_file():
        raise ArchiveError(
            f"{path}: the archive is of an earlier version of CorInpaint", "make it again with `corinpaint export mar`"
        )
    settings = yaml.safe_load(config.read_text()) if config.is_file() else {}
    if not isinstance(settings, dict):
        raise ValueError(f"{config.name} holds no keys")
    return Archive(folder, path.stem, str(manifest.get("modelVersion", "")), settings)
