"""Fixtures of the acquisition of frames: a server with the layout of the archives, on this machine."""

from __future__ import annotations

import frame_archive
import official_tree
import pytest

from corinpaint.archive.acquisition import sources
from corinpaint.archive.acquisition.server import Server
from corinpaint.lasco.reference_files.transfer import Connection

SHOTS = frame_archive.hourly()
"""What the server has: 32082036.fts to 32082039.fts, C3 Clear, from 2002-01-08 00:18:05 on, every hour."""

FILES = frame_archive.files(SHOTS)


@pytest.fixture
def shots():
    return SHOTS


@pytest.fixture
def archive():
    with official_tree.serving(files=FILES) as running:
        yield running


@pytest.fixture
def waited():
    """Seconds that were slept."""
    return []


@pytest.fixture
def server(archive, waited):
    """The archive as it is asked, without pauses."""
    return Server(sources.find("nrl", archive.url), Connection(2, sleep=waited.append), delay=0)
