"""Downloading one file from a server, by pooch: https with verified certificates, status, size, further attempts."""

from __future__ import annotations

import io
import ipaddress
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Protocol
from urllib.parse import urljoin, urlsplit

from corinpaint.lasco.errors import FetchError
from corinpaint.lasco.retries import RetriedError, RetryPolicy, TransientError, parse_retry_after

TIMEOUT = (15.0, 60.0)
"""Seconds to connect, and between two pieces of an answer."""

INITIAL_WAIT = 1.0
"""Seconds before the second attempt; each further wait is twice as long."""

MAXIMUM_WAIT = 30.0
"""Maximum number of seconds between two attempts; a server that asks for more (Retry-After) is not asked again."""

MAX_BYTES = 256 * 2**20
"""Maximum number of bytes of a file; no official file comes near."""

TRY_AGAIN = frozenset((408, 425, 429, 500, 502, 503, 504))
"""HTTP statuses that a further attempt may not have."""

CHUNK = 2**16
"""Bytes that are read at a time."""


class ProgressBar(Protocol):
    """A bar that counts bytes; tqdm's are such."""

    total: Any

    def update(self, n: int) -> Any:
        """Count `n` more bytes."""

    def reset(self) -> Any:
        """Count from 0 again."""

    def close(self) -> Any:
        """Remove the bar from the terminal."""


class AbsentError(FetchError):
    """The server has no such file (404 or 410)."""

    code = "absent"


class UnreachableError(RetriedError, FetchError):
    """The server did not answer, or the connection broke, at every attempt."""

    code = "unreachable"


@dataclass(frozen=True)
class Connection:
    """How files are requested from servers.

    Attributes
    ----------
    retries : int
        Further attempts after broken connections, time-outs and answers of `TRY_AGAIN`.
    insecure : bool
        Allow addresses without https; certificates of https are always verified.
    sleep : callable
        Waits for some seconds.
    """

    retries: int = 4
    insecure: bool = False
    sleep: Callable[[float], None] = time.sleep

    @property
    def policy(self) -> RetryPolicy:
        """How often a request is repeated, and after which waits."""
        return RetryPolicy(self.retries, INITIAL_WAIT, MAXIMUM_WAIT, sleep=self.sleep, jitter=0.0)


def download(url: str, path: Path, connection: Connection, bar: ProgressBar | None = None) -> None:
    """Download a file.

    Parameters
    ----------
    url : str
        https; http when the host is this machine or the connection allows it.
    path : Path
        The new file; must not exist.
    connection : Connection
    bar : ProgressBar, optional
        Counts the bytes; closed at the end.

    Raises
    ------
    AbsentError
        When the status is 404 or 410; there is no further attempt.
    UnreachableError
        When the last attempt failed.
    FetchError
        When the status, the certificate, the size or the address is not that of a file.
    OSError
        When the file cannot be written.
    """

    def attempt() -> None:
        path.unlink(missing_ok=True)
        if bar is not None:
            bar.reset()
        with path.open("xb") as file:
            _request(url, file, connection, bar)

    try:
        connection.policy.run(attempt)
    finally:
        if bar is not None:
            bar.close()


def read(url: str, connection: Connection, first: int | None = None) -> bytes:
    """Content of a small file, or the beginning of a file.

    Parameters
    ----------
    url : str
        See `download`.
    connection : Connection
    first : int, optional
        Number of bytes that are enough. The server is asked for no more, and the connection closed when it sends more.

    Returns
    -------
    bytes
        With `first` at most that many.

    Raises
    ------
    FetchError
        See `download`.
    """

    def attempt() -> bytes:
        content = io.BytesIO()
        _request(url, content, connection, None, first)
        return content.getvalue()[:first]

    return connection.policy.run(attempt)[0]


def _transient(url: str, reason: str, retry_after: float | None = None) -> TransientError:
    """A failure that a further attempt may avoid."""
    return TransientError(UnreachableError(f"{url}: {reason}", "try again later, or give a --mirror"), retry_after)


class _Enough(Exception):
    """The bytes that were wanted are there."""


class _Sink:
    """A file that counts the bytes written, on a progress bar too, and refuses too many or what is beyond the `first`.

    pooch tests the truth of its own bars, which for tqdm's is false at the start, and counts whole chunks.
    """

    def __init__(self, file: IO[bytes], url: str, bar: ProgressBar | None, first: int | None) -> None:
        self.file, self.url, self.bar, self.first, self.size = file, url, bar, first, 0

    def write(self, data: bytes) -> int:
        self.size += len(data)
        if self.first is not None and self.size >= self.first:
            self.file.write(data)
            raise _Enough
        if self.size > MAX_BYTES:
            raise FetchError(
                f"{self.url}: more than {MAX_BYTES} bytes, which no official file has", "check the address"
            )
        if self.bar is not None:
            self.bar.update(len(data))
        return self.file.write(data)

    def flush(self) -> None:
        """Does nothing: pooch calls it after every chunk."""


def _request(
    url: str, file: IO[bytes], connection: Connection, bar: ProgressBar | None, first: int | None = None
) -> None:
    import pooch
    import requests

    answers: list[requests.Response] = []

    def inspect(answer: requests.Response, **_: object) -> None:
        answers.append(answer)
        if answer.is_redirect:
            check_address(urljoin(answer.url, answer.headers["location"]), connection)
        elif bar is not None:
            bar.total = int(answer.headers.get("Content-Length", 0))

    check_address(url, connection)
    sink = _Sink(file, url, bar, first)
    headers = {"Accept-Encoding": "identity", "User-Agent": _agent()}
    if first is not None:
        headers["Range"] = f"bytes=0-{first - 1}"
    downloader = pooch.HTTPDownloader(
        chunk_size=CHUNK,
        timeout=TIMEOUT,
        headers=headers,
        hooks={"response": inspect},
    )
    try:
        downloader(url, sink, None)
        _check_answer(url, answers[-1], sink.size, (200,) if first is None else (200, 206))
    except _Enough:
        return
    except requests.HTTPError as error:
        raise _error_of_status(url, answers[-1]) from error
    except requests.exceptions.SSLError as error:
        if "certificate" not in str(error).lower():
            raise _transient(url, f"the connection failed ({_cause(error)})") from error
        raise FetchError(
            f"{url}: the server's certificate cannot be trusted ({_cause(error)})",
            "check the date of this machine, or name your authority's certificates in REQUESTS_CA_BUNDLE",
        ) from error
    except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
        raise _transient(url, f"the connection failed ({_cause(error)})") from error
    except (requests.RequestException, ValueError) as error:
        raise FetchError(f"{url}: not an answer that can be used ({_cause(error)})", "check the address") from error
    except OSError as error:
        if error.errno is not None:
            raise  # an error of the file that is written
        raise FetchError(f"{url}: {error}", "check REQUESTS_CA_BUNDLE") from error
    finally:
        for answer in answers:
            answer.close()


def check_address(url: str, connection: Connection) -> None:
    """Refuse addresses without https, except those of this machine or when the connection allows http.

    Parameters
    ----------
    url : str
    connection : Connection

    Raises
    ------
    FetchError
        When the address is refused.
    """
    parts = urlsplit(url)
    if parts.scheme == "https" and parts.hostname:
        return
    if parts.scheme != "http" or not parts.hostname:
        raise FetchError(f"{url}: not an https address", "give one that begins with https://")
    if not (connection.insecure or _is_loopback(parts.hostname)):
        raise FetchError(f"{url}: http is not protected against changes on the way", "use https, or allow --insecure")


def _is_loopback(host: str) -> bool:
    try:
        return host == "localhost" or ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check_answer(url: str, answer: Any, size: int, statuses: tuple[int, ...]) -> None:
    if answer.status_code not in statuses:
        raise FetchError(f"{url}: answered with status {answer.status_code} instead of a file", "check the address")
    expected = answer.headers.get("Content-Length")
    if expected is not None and not answer.headers.get("Content-Encoding") and size != int(expected):
        raise _transient(url, f"the server sent {size} bytes of {expected}")


def _error_of_status(url: str, answer: Any) -> Exception:
    status, reason = answer.status_code, answer.reason
    if status in (404, 410):
        return AbsentError(
            f"{url}: the server has no such file (status {status})", "check the address, or give a --mirror"
        )
    if status in TRY_AGAIN:
        retry_after = parse_retry_after(answer.headers.get("Retry-After", ""))
        return _transient(url, f"the server answered {status} {reason}", retry_after)
    return FetchError(
        f"{url}: the server refuses the file ({status} {reason})", "check the address, or give a --mirror"
    )


def _cause(error: BaseException) -> str:
    """The innermost reason, without the wrappings of three libraries."""
    reason = getattr(error, "reason", None) or (error.args[0] if error.args else None)
    return _cause(reason) if isinstance(reason, BaseException) else str(reason or error)


def _agent() -> str:
    from corinpaint.lasco.version import __version__

    return f"corinpaint/{__version__}"
