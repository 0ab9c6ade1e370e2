"""Servers whose workers have no network: a pool of stubs, in front of which the server is the real one."""

from __future__ import annotations

import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import stub_template

from corinpaint.handlers.asgi.metrics import Registry
from corinpaint.handlers.asgi.processes import wire
from corinpaint.handlers.asgi.processes.jobs import Limits
from corinpaint.handlers.asgi.processes.pool import Pool
from corinpaint.handlers.asgi.processes.unpack import Archive

STUBS = (sys.executable, "-S", "-E", stub_template.__file__, wire.__file__)


@pytest.fixture(scope="session")
def stub_command() -> tuple[str, ...]:
    """What starts stub workers."""
    return STUBS


@pytest.fixture(scope="session")
def tls_files(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for this machine and its key; the test is skipped without openssl."""
    if not shutil.which("openssl"):
        pytest.skip("openssl is not installed")
    folder = tmp_path_factory.mktemp("tls")
    certificate, key = folder / "certificate.pem", folder / "key.pem"
    words = "req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=localhost -addext"
    names = "subjectAltName=DNS:localhost,IP:127.0.0.1"
    files = ["-keyout", str(key), "-out", str(certificate)]
    subprocess.run(["openssl", *words.split(), names, *files], check=True, capture_output=True)
    return certificate, key


@pytest.fixture
def stub_pool(tmp_path):
    """Builder of pools: `with stub_pool(workers=1, config={...}) as pool`."""

    @contextmanager
    def build(config: dict | None = None, **limits) -> Iterator[Pool]:
        archive = Archive(Path(tmp_path), "corinpaint", "1.0", config or {})
        pool = Pool(archive, Limits(**{"workers": 1, "waiting": 2, **limits}), Registry(), STUBS)
        try:
            yield pool
        finally:
            pool.close(0)

    return build
