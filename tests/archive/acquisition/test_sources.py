"""The servers of frames and their layout."""

from __future__ import annotations

from datetime import date
from urllib.parse import urlsplit

import pytest

from corinpaint.archive.acquisition import sources
from corinpaint.archive.acquisition.sources import SOURCES

DAY = date(2002, 1, 8)


@pytest.mark.parametrize("source", SOURCES.values(), ids=lambda source: source.name)
def test_every_server_is_addressed_by_https_and_has_folders_of_days_and_telescopes(source):
    assert urlsplit(source.address).scheme == "https"
    assert source.folder(DAY, "C3") == f"{source.address}020108/c3/"
    assert "//" not in source.folder(DAY, "C2").removeprefix("https://")


@pytest.mark.parametrize("address", ["https://mirror.example/lasco", "https://mirror.example/lasco/"])
def test_a_mirror_takes_the_place_of_a_server(address):
    assert sources.find("sdac") is SOURCES["sdac"]
    assert sources.find("sdac", address).folder(DAY, "C2") == "https://mirror.example/lasco/020108/c2/"


def test_the_other_servers_are_the_remedy_of_one():
    here = "or take the frames from --source sdac, near-real-time or quick-look, or from a --mirror"
    assert sources.elsewhere(SOURCES["nrl"]) == here
    assert "--source nrl, sdac" in sources.elsewhere(sources.find("nrl", "https://mirror.example"))
