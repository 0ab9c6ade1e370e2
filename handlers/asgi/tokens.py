"""Keys that requests need: a file in TorchServe's form, read again when it changes, compared in constant time."""

from __future__ import annotations

import hmac
import json
import logging
import os
import secrets
import threading
import time
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from corinpaint.client.tokens import TOKEN
from corinpaint.lasco import files

logger = logging.getLogger(__name__)

NAME = "key_file.json"
"""Name of the file, as TorchServe calls it."""

CURRENT, PREVIOUS = "inference", "previous inference"
"""Entries of the file: the key that clients take, and the one before it, which is valid until it expires."""

KEY_BYTES = 32

WRONG_KEY = "Token Authorization failed. Token either incorrect, expired, or not provided correctly"
"""What a request without a valid key is told, in TorchServe's words."""


class Keys:
    """The valid keys of a file; can be shared by threads.

    Parameters
    ----------
    path : Path
        ``{"inference": {"key": ..., "expiration time": ...}, ...}``; a file without a valid key is written anew.

    Raises
    ------
    OutputError
        When the file has to be written and cannot be.
    """

    def __init__(self, path: Path) -> None:
        self.path, self._lock = path, threading.Lock()
        self._seen: tuple[int, ...] | None = None
        self._keys: tuple[tuple[bytes, float], ...] = ()
        self._read()
        if not self._has_valid_key():
            self._write({CURRENT: {"key": secrets.token_urlsafe(KEY_BYTES)}})

    def accepts(self, authorization: str | bytes | None) -> bool:
        """Whether a header names a valid key.

        Parameters
        ----------
        authorization : str, bytes or None
            ``Bearer KEY``.

        Returns
        -------
        bool
        """
        given = authorization.encode("utf-8", "replace") if isinstance(authorization, str) else authorization or b""
        scheme, _, key = given.partition(b" ")
        now = time.time()
        accepted = False
        for known, expires in self._current():
            accepted |= hmac.compare_digest(known, key) and expires > now  # every key, so that the time tells nothing
        return accepted and scheme == b"Bearer"

    def rotate(self, grace: float) -> None:
        """Write a new key; the one so far stays valid for a while.

        Parameters
        ----------
        grace : float
            Seconds.

        Raises
        ------
        OutputError
            When the file cannot be written.
        """
        current = _entries(self.path).get(CURRENT, {})
        expires = datetime.fromtimestamp(time.time() + grace, UTC).isoformat().replace("+00:00", "Z")
        new = {CURRENT: {"key": secrets.token_urlsafe(KEY_BYTES)}}
        if current.get("key"):
            new[PREVIOUS] = {"key": current["key"], "expiration time": expires}
        self._write(new)

    def _has_valid_key(self) -> bool:
        return any(expires > time.time() for _, expires in self._keys)

    def _current(self) -> Sequence[tuple[bytes, float]]:
        with self._lock:
            if _version(self.path) != self._seen:
                self._read()
            return self._keys

    def _read(self) -> None:
        """Take the keys of the file; one that cannot be read leaves those that were read before."""
        seen = _version(self.path)
        if seen == self._seen:
            return
        self._seen = seen
        try:
            entries = _entries(self.path)
            self._keys = tuple(
                (entry["key"].encode(), _expiry(entry.get("expiration time")))
                for name, entry in entries.items()
                if name in (CURRENT, PREVIOUS) and TOKEN.fullmatch(entry["key"])
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
            if seen is not None:
                logger.error("%s: the keys cannot be read (%s); those so far stay", self.path, type(error).__name__)

    def _write(self, entries: dict[str, dict[str, str]]) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with files.aside(self.path) as place:
            os.close(os.open(place, os.O_CREAT | os.O_WRONLY, 0o600))
            place.chmod(0o600)
            place.write_text(json.dumps(entries, indent=2))
        with self._lock:
            self._read()


def _version(path: Path) -> tuple[int, ...] | None:
    """What changes when the file does; None while there is none."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size


def _entries(path: Path) -> dict[str, dict[str, Any]]:
    entries = json.loads(path.read_text())
    if not isinstance(entries, dict):
        raise ValueError("no object")
    return entries


def _expiry(text: str | None) -> float:
    """Seconds since 1970; TorchServe writes nanoseconds, of which Python reads six digits."""
    if text is None:
        return float("inf")
    whole, _, fraction = text.rstrip("Z").partition(".")
    return datetime.fromisoformat(f"{whole}.{fraction[:6].ljust(6, '0')}+00:00").timestamp()
