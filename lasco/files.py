"""Files: written so that no partial one is ever seen (aside first, then renamed), and those that packages carry."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from corinpaint.lasco.errors import OutputError

PREFIX = ".corinpaint-"
"""Beginning of the names of files that are hidden: written aside, or locks."""


def as_path(value: object, name: str) -> Path:
    """The path that an argument gives.

    Parameters
    ----------
    value : str or os.PathLike of str
        The argument.
    name : str
        What the argument is called, for the error.

    Returns
    -------
    Path

    Raises
    ------
    TypeError
        When it is anything else, ``bytes`` for instance.
    """
    path = os.fspath(value) if isinstance(value, str | os.PathLike) else None
    if not isinstance(path, str):
        raise TypeError(f"{name} must be a path (str or os.PathLike), not {type(value).__name__}")
    return Path(path)


def write_bytes(path: Path, content: bytes, *, overwrite: bool = False) -> Path:
    """Write one file; see `write_all`."""
    write_all({path: content}, overwrite=overwrite)
    return path


def write_all(contents: Mapping[Path, bytes], *, overwrite: bool = False) -> None:
    """Write files that belong together: all aside first, then renamed, so that nothing partial is left behind.

    Parameters
    ----------
    contents : mapping of Path to bytes
        Folders are made where they are missing.
    overwrite : bool
        Replace files that are there.

    Raises
    ------
    OutputError
        When one cannot be written, or is there and may not be replaced; none is written then.
    """
    for path in contents:
        if os.path.lexists(path) and not (overwrite and path.is_file()):
            raise _is_there(path)
    aside: dict[Path, Path] = {}
    placed: list[Path] = []
    path = Path()
    try:
        for path, content in contents.items():
            path.parent.mkdir(parents=True, exist_ok=True)
            with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f"{PREFIX}{path.name}-", delete=False) as file:
                aside[path] = Path(file.name)
                file.write(content)
            aside[path].chmod(0o666 & ~_umask())
        for path, part in aside.items():
            _place(part, path, overwrite)
            placed.append(path)
    except FileExistsError as error:
        if aside.keys() != contents.keys():  # a file stands where the folder should be
            raise _cannot_be_written(path, error) from error
        for path in placed:  # another process has written it in the meantime
            path.unlink(missing_ok=True)
        raise _is_there(path) from error
    except OSError as error:
        raise _cannot_be_written(path, error) from error
    finally:
        for part in aside.values():
            part.unlink(missing_ok=True)


@contextmanager
def aside(path: Path) -> Iterator[Path]:
    """A place to write a file to, which becomes `path` at the end of the block, or goes when the block fails.

    Parameters
    ----------
    path : Path
        Its folder is made where it is missing; a file that is there is replaced.

    Yields
    ------
    Path
        Same name, in a temporary folder beside it; whatever else is left there goes.

    Raises
    ------
    OutputError
        When the folder or the file cannot be written.
    """
    with folder_beside(path) as folder:
        part = folder / path.name
        try:
            yield part
            os.replace(part, path)
        except OSError as error:
            raise _cannot_be_written(path, error) from error


@contextmanager
def folder_beside(path: Path) -> Iterator[Path]:
    """A temporary folder in the folder that something belongs in, so that it can be renamed into place at once.

    Raises
    ------
    OutputError
        When the folder cannot be written.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        folder = tempfile.TemporaryDirectory(dir=path.parent, prefix=PREFIX)
    except OSError as error:
        raise _cannot_be_written(path, error) from error
    with folder as name:
        yield Path(name)


def package_data(package: str, *names: str) -> Path:
    """A file or folder that an installed package carries.

    Parameters
    ----------
    package : str
        Dotted name.
    *names : str
        Parts of the path inside it; none for its folder.
    """
    from importlib import resources

    return Path(str(resources.files(package).joinpath(*names)))


def _place(part: Path, path: Path, overwrite: bool) -> None:
    """Give a file that was written aside its name; a file that is there is replaced only when that is allowed."""
    if not overwrite:
        try:
            os.link(part, path)  # unlike renaming, this never replaces what another process has just written
            return
        except FileExistsError:
            raise
        except OSError:  # a file system without links
            pass
    os.replace(part, path)


def _is_there(path: Path) -> OutputError:
    return OutputError(f"{path}: is there already", "remove it, choose another folder or allow --overwrite")


def _cannot_be_written(path: Path, error: OSError) -> OutputError:
    reason = error.strerror or error
    return OutputError(f"{path}: cannot be written ({reason})", "check the folder, its rights and space")


def _umask() -> int:
    current = os.umask(0)
    os.umask(current)
    return current
