"""One file from a server: complete and from the right place, or an error and nothing in its place."""

from __future__ import annotations

import shutil
import ssl
import subprocess
import sys

import official_tree
import pytest

from corinpaint.lasco.errors import FetchError
from corinpaint.lasco.reference_files import catalogue, transfer
from corinpaint.lasco.reference_files.transfer import Connection

TABLE = catalogue.identify("c3_expfactor_020108.dat")


@pytest.fixture
def server():
    with official_tree.serving([TABLE]) as running:
        yield running


@pytest.fixture
def waited():
    """Seconds that were slept."""
    return []


@pytest.fixture
def connection(waited):
    return Connection(retries=2, sleep=waited.append)


class _Bar:
    """Counts like tqdm, without a terminal."""

    def __init__(self):
        self.total, self.n, self.closed = 0, 0, False

    def update(self, n):
        self.n += n

    def reset(self):
        self.n = 0

    def close(self):
        self.closed = True


def test_a_file_is_downloaded_and_counted(server, connection, tmp_path):
    bar = _Bar()
    transfer.download(TABLE.url(server.url), tmp_path / "part", connection, bar)
    assert (tmp_path / "part").read_bytes() == official_tree.TABLE
    assert (bar.total, bar.closed) == (len(official_tree.TABLE), True)
    assert bar.n == bar.total


@pytest.mark.parametrize("fault", ["500", "503", "429", "cut", "stop"])
def test_a_transient_failure_is_attempted_again_after_a_growing_wait(server, connection, waited, tmp_path, fault):
    server.break_(TABLE, fault, fault)
    bar = _Bar()
    transfer.download(TABLE.url(server.url), tmp_path / "part", connection, bar)
    assert (tmp_path / "part").read_bytes() == official_tree.TABLE
    assert waited == [1, 2]
    assert bar.n == bar.total


def test_a_server_is_given_the_time_that_it_asks_for_unless_it_asks_for_too_much(server, connection, waited, tmp_path):
    server.break_(TABLE, "wait 7")
    transfer.download(TABLE.url(server.url), tmp_path / "part", connection)
    assert waited == [7]
    server.break_(TABLE, "wait 3600", "wait 3600")
    with pytest.raises(transfer.UnreachableError, match="503"):
        transfer.download(TABLE.url(server.url), tmp_path / "part", connection)
    assert waited == [7]


def test_a_small_file_is_read(server, connection, waited):
    server.break_(TABLE, "cut")
    assert transfer.read(TABLE.url(server.url), connection) == official_tree.TABLE
    assert waited == [1]


@pytest.mark.parametrize("ranges", [True, False])
def test_the_beginning_of_a_file_is_read_whether_or_not_the_server_sends_parts(server, connection, ranges):
    server.ranges = ranges
    assert transfer.read(TABLE.url(server.url), connection, 20) == official_tree.TABLE[:20]
    assert transfer.read(TABLE.url(server.url), connection, 10**6) == official_tree.TABLE


@pytest.mark.parametrize("fault", ["500", "cut", "stop"])
def test_the_error_of_the_last_attempt_names_the_address(server, connection, waited, tmp_path, fault):
    server.break_(TABLE, *[fault] * 9)
    bar = _Bar()
    with pytest.raises(transfer.UnreachableError, match=r"c3_expfactor_020108\.dat: .*tried 3 times\); try again"):
        transfer.download(TABLE.url(server.url), tmp_path / "part", connection, bar)
    assert (len(waited), bar.closed) == (2, True)


def test_an_unavailable_server_is_an_error(connection, tmp_path):
    with official_tree.serving([TABLE]) as gone:
        url = TABLE.url(gone.url)
    with pytest.raises(transfer.UnreachableError, match="refused"):
        transfer.download(url, tmp_path / "part", connection)


def test_waits_do_not_grow_beyond_half_a_minute(server, waited, tmp_path):
    server.break_(TABLE, *["500"] * 9)
    transfer.download(TABLE.url(server.url), tmp_path / "part", Connection(retries=9, sleep=waited.append))
    assert waited[-1] == 30


@pytest.mark.parametrize(
    ("status", "error"), [(404, transfer.AbsentError), (410, transfer.AbsentError), (403, FetchError)]
)
def test_a_refusal_is_final(server, connection, waited, tmp_path, status, error):
    server.break_(TABLE, str(status))
    with pytest.raises(error, match=str(status)):
        transfer.download(TABLE.url(server.url), tmp_path / "part", connection)
    assert waited == []
    assert sum(server.asked.values()) == 1


@pytest.mark.parametrize("status", ["204", "206"])
def test_a_success_that_is_no_file_is_an_error(server, connection, tmp_path, status):
    server.break_(TABLE, status)
    with pytest.raises(FetchError, match=f"status {status} instead of a file"):
        transfer.download(TABLE.url(server.url), tmp_path / "part", connection)


@pytest.mark.parametrize("url", ["http://example.org/a", "ftp://example.org/a", "file:///etc/hosts", "https:///a", "a"])
def test_addresses_without_https_are_refused_before_anything_is_sent(connection, tmp_path, url):
    with pytest.raises(FetchError, match="https"):
        transfer.download(url, tmp_path / "part", connection)


def test_http_is_for_this_machine_and_for_who_asks_for_it(connection):
    transfer.check_address("http://localhost:8000/a", connection)
    transfer.check_address("http://[::1]:8000/a", connection)
    transfer.check_address("http://example.org/a", Connection(insecure=True))
    with pytest.raises(FetchError, match="--insecure"):
        transfer.check_address("http://localhost.example.org/a", connection)


def test_a_redirection_is_followed_but_not_away_from_https(server, connection, tmp_path):
    server.break_(TABLE, f"to {server.url}/{TABLE.path}")
    transfer.download(TABLE.url(server.url), tmp_path / "part", connection)
    assert (tmp_path / "part").read_bytes() == official_tree.TABLE
    server.break_(TABLE, "to http://example.org/elsewhere")
    with pytest.raises(FetchError, match=r"http://example\.org/elsewhere: http is not protected"):
        transfer.download(TABLE.url(server.url), tmp_path / "part", connection)


def test_more_than_any_official_file_has_is_refused(server, connection, tmp_path, monkeypatch):
    monkeypatch.setattr(transfer, "MAX_BYTES", 10)
    with pytest.raises(FetchError, match="more than 10 bytes"):
        transfer.download(TABLE.url(server.url), tmp_path / "part", connection)


@pytest.mark.slow
def test_nothing_of_the_network_is_imported_before_it_is_needed():
    program = (
        "import sys\nfrom corinpaint.lasco.reference_files import fetch, import_tree, servers, transfer\n"
        "sys.exit(bool({'pooch', 'requests', 'urllib3'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory):
    """A certificate for 127.0.0.1 that nobody vouches for, and its key."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("certificate")
    words = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2 -subj /CN=test"
    names = ["-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem", "-out", folder / "cert.pem"]
    subprocess.run(["openssl", *words.split(), *names], check=True, capture_output=True)
    return folder / "cert.pem", folder / "key.pem"


def test_an_untrusted_certificate_is_refused_at_once_whatever_is_allowed(
    server, certificate, waited, tmp_path, monkeypatch
):
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    server.socket = context.wrap_socket(server.socket, server_side=True)
    url = TABLE.url(server.url.replace("http:", "https:"))
    with pytest.raises(FetchError, match="certificate cannot be trusted"):
        transfer.download(url, tmp_path / "part", Connection(insecure=True, sleep=waited.append))
    assert waited == []
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(certificate[0]))
    transfer.download(url, tmp_path / "part", Connection())
    assert (tmp_path / "part").read_bytes() == official_tree.TABLE


def test_a_missing_file_of_certificates_is_named(connection, tmp_path, monkeypatch):
    monkeypatch.setenv("REQUESTS_CA_BUNDLE", str(tmp_path / "nowhere.pem"))
    with pytest.raises(FetchError, match=r"nowhere\.pem; check REQUESTS_CA_BUNDLE"):
        transfer.download("https://127.0.0.1:1/a", tmp_path / "part", connection)
