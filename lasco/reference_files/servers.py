"""Servers: whether they can be reached, whether they still answer, and which files their folders list."""

from __future__ import annotations

import socket
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser
from urllib.parse import unquote, urlsplit

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.reference_files import transfer

MAX_UNANSWERED = 3
"""Maximum number of consecutive requests that a server does not answer; after that it is not asked again."""

REACH_SECONDS = 3.0
"""Maximum number of seconds until a server accepts a connection, before anything is asked of it."""

PORTS = {"http": 80, "https": 443, "socks4": 1080, "socks4a": 1080, "socks5": 1080, "socks5h": 1080}
"""Ports of addresses that give none."""


class NotAskedError(transfer.UnreachableError):
    """The server did not answer requests before this one, and was not asked."""


def check_reachable(url: str, seconds: float = REACH_SECONDS) -> None:
    """Refuse a server that accepts no connection, name resolution included, so that being offline shows at once.

    Parameters
    ----------
    url : str
        An address on the server. Where the environment names a proxy for it (HTTPS_PROXY), that has to accept.
    seconds : float
        Maximum time.

    Raises
    ------
    UnreachableError
        When there is no connection.
    """
    host, port = _peer(url)
    failures: list[OSError | None] = []

    def connect() -> None:
        try:
            socket.create_connection((host, port), timeout=seconds).close()
            failures.append(None)
        except OSError as error:
            failures.append(error)

    thread = threading.Thread(target=connect, daemon=True)  # a name that nobody resolves takes as long as it likes
    thread.start()
    thread.join(seconds)
    failure = failures[0] if failures else TimeoutError()
    if failure is not None:
        waited = isinstance(failure, TimeoutError)
        reason = f"no answer within {seconds:g} s" if waited else failure.strerror or failure
        raise transfer.UnreachableError(f"{host}: cannot be reached ({reason})", "check the network or try later")


def _peer(url: str) -> tuple[str, int]:
    """Host and port that a request for an address connects to."""
    from requests.utils import get_environ_proxies, select_proxy

    proxy = select_proxy(url, get_environ_proxies(url, None))
    parts = urlsplit(url if not proxy else proxy if "//" in proxy else f"http://{proxy}")
    return parts.hostname or "", parts.port or PORTS.get(parts.scheme, 443)


class Patience:
    """Which servers still answer: one that did not for several consecutive requests is not asked again.

    Parameters
    ----------
    most : int
        Maximum number of consecutive requests that a server does not answer.
    """

    def __init__(self, most: int = MAX_UNANSWERED) -> None:
        self.most = most
        self._unanswered: Counter[str] = Counter()

    def is_exhausted(self, url: str) -> bool:
        """Whether the server of an address is not asked again."""
        return self._unanswered[urlsplit(url).netloc] >= self.most

    @contextmanager
    def asking(self, url: str) -> Iterator[None]:
        """Watch a request, which is the block that this begins.

        Raises
        ------
        NotAskedError
            At once, when the server is not asked again.
        """
        host = urlsplit(url).netloc
        if self.is_exhausted(url):
            raise NotAskedError(f"{url}: not tried, as {host} did not answer", "try again later")
        try:
            yield
        except transfer.UnreachableError:
            self._unanswered[host] += 1
            raise
        except CalibrationError:
            self._unanswered[host] = 0
            raise
        self._unanswered[host] = 0


def listing(url: str, connection: transfer.Connection) -> list[str]:
    """Names that the index page of a server's folder links to.

    Parameters
    ----------
    url : str
        Address of the folder.
    connection : Connection

    Returns
    -------
    list of str

    Raises
    ------
    FetchError
        See `corinpaint.lasco.reference_files.transfer.download`.
    """
    links = _Links()
    links.feed(transfer.read(url, connection).decode("utf-8", errors="replace"))
    return [unquote(urlsplit(link).path.rstrip("/").rsplit("/", 1)[-1]) for link in links.found]


class _Links(HTMLParser):
    """The addresses that a page links to."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag == "a":
            self.found += [value for key, value in attrs if key == "href" and value]
