"""The token of a client: given, or read from TorchServe's key file and read again when it is refused."""

from __future__ import annotations

import json
import re
import threading
from pathlib import Path

from corinpaint.client.errors import TokenError
from corinpaint.lasco.errors import OptionError

TOKEN = re.compile(r"[\x21-\x7e]{1,4096}")
"""What a token may consist of."""


class TokenSource:
    """The current token of a client; can be shared by threads.

    Parameters
    ----------
    token : str, optional
        Inference key; the file is not read then.
    key_file : Path, optional
        TorchServe's ``key_file.json``: ``{"inference": {"key": ..., "expiration time": ...}, ...}``.

    Raises
    ------
    OptionError
        When the token has blanks in it, or the file cannot be read.
    """

    def __init__(self, token: str | None = None, key_file: Path | None = None) -> None:
        self._fixed, self._file, self._lock = token is not None, key_file, threading.Lock()
        if token is not None and not TOKEN.fullmatch(token):
            raise OptionError("the token is empty or has blanks in it", "give the inference key of key_file.json")
        self._token = read_key(key_file) if token is None and key_file is not None else token

    def current(self) -> str | None:
        """The token to send; None when there is none.

        Returns
        -------
        str or None
        """
        with self._lock:
            return self._token

    def renew(self, refused: str | None) -> None:
        """Replace a token that the endpoint refuses.

        Parameters
        ----------
        refused : str or None
            The token that was sent; another thread may have replaced it already.

        Raises
        ------
        TokenError
            When there is no other token.
        """
        with self._lock:
            if self._token == refused and not self._fixed and self._file is not None:
                try:
                    self._token = read_key(self._file)
                except OptionError as error:
                    raise TokenError(f"the endpoint refuses the token, and {error.what}", error.remedy) from error
            if self._token == refused:
                raise TokenError(*self._why(refused))

    def _why(self, refused: str | None) -> tuple[str, str]:
        """What is wrong with the token, and the remedy."""
        if refused is None:
            return "the endpoint wants a token", "give the key file that TorchServe wrote, or the token"
        if self._fixed or self._file is None:
            return "the endpoint refuses the token, keys last 60 minutes", "give the key_file.json that it writes"
        return (
            f"{self._file}: the endpoint refuses its inference key, keys last 60 minutes",
            "renew it (GET /token?type=inference at its management address, with the API key)",
        )


def read_key(path: Path) -> str:
    """The inference key of a key file.

    Parameters
    ----------
    path : Path

    Returns
    -------
    str

    Raises
    ------
    OptionError
        When the file cannot be read or holds no inference key; the message never quotes its content.
    """
    try:
        key = json.loads(path.read_text())["inference"]["key"]
    except OSError as error:
        raise OptionError(
            f"{path}: cannot be read ({error.strerror})", "give the key_file.json of the folder that TorchServe runs in"
        ) from error
    except (ValueError, KeyError, TypeError) as error:
        raise OptionError(f"{path}: holds no inference key", "give the key_file.json that TorchServe wrote") from error
    if not isinstance(key, str) or not TOKEN.fullmatch(key):
        raise OptionError(f"{path}: the inference key is no token", "give the key_file.json that TorchServe wrote")
    return key
