"""Simulated frames and the files that keep them."""

import hashlib
from types import SimpleNamespace

import numpy as np
import pytest

from corinpaint.lasco.version import __version__
from corinpaint.train import simulated
from corinpaint.train.simulated import Plane, simulated_plane

COUNTS = np.arange(64 * 64, dtype=np.float32).reshape(64, 64)
CENTRE = (31.5, 40.25)


@pytest.fixture
def made(monkeypatch):
    """Seeds of the frames that were simulated."""
    seeds = []

    def counted(seed, **options):
        assert options == {"missing": 0}
        seeds.append(seed)
        return SimpleNamespace(frame=SimpleNamespace(data=COUNTS, detector="C2"))

    monkeypatch.setattr(simulated, "simulate", counted)
    return seeds


def calibrate(frame):
    return Plane(frame.data / 2, frame.data > 1000, CENTRE)


def same(first, second):
    planes = zip(first.plane[:2], second.plane[:2], strict=True)
    return all(np.array_equal(a, b) for a, b in planes) and first[1:] == second[1:]


def test_frames_are_simulated_once_and_damaged_ones_again(tmp_path, made):
    first, again = (simulated_plane(7, tmp_path / "cache", "noise", calibrate) for _ in range(2))
    assert made == [7]

    next((tmp_path / "cache").glob("*.npz")).write_bytes(b"PK damaged")
    repaired = simulated_plane(7, tmp_path / "cache", "noise", calibrate)

    assert made == [7, 7]
    assert same(first, again)
    assert same(first, repaired)
    assert np.array_equal(first.plane.values, COUNTS / 2)
    assert np.array_equal(first.plane.known, COUNTS > 1000)
    assert first.plane.centre == CENTRE
    assert (first.name, first.detector) == ("simulated-000007", "C2")
    assert first.sha256 == hashlib.sha256(COUNTS.tobytes()).hexdigest()


def test_domains_and_seeds_have_files_of_their_own(tmp_path, made):
    for seed, domain in ((7, "noise"), (7, "equalised"), (8, "noise")):
        simulated_plane(seed, tmp_path, domain, calibrate)

    assert made == [7, 7, 8]
    assert len(list(tmp_path.iterdir())) == 3


def test_files_of_an_earlier_format_are_not_read(tmp_path, made):
    """They had no number in their name, and the equalised ones had the sun centre as (row, column)."""
    for name in (f"simulated-000007-{__version__}.npz", f"simulated-000007-levels-{__version__}.npz"):
        np.savez(tmp_path / name, values=COUNTS, known=np.packbits(COUNTS > 0), centre=CENTRE[::-1], sha256="old")

    for domain in ("equalised", "noise"):
        assert simulated_plane(7, tmp_path, domain, calibrate).plane.centre == CENTRE

    assert made == [7, 7]


def test_an_interrupted_write_leaves_no_file(tmp_path, made, monkeypatch):
    def half(file, **_):
        file.write(b"PK half")
        raise KeyboardInterrupt

    monkeypatch.setattr(np, "savez", half)
    with pytest.raises(KeyboardInterrupt):
        simulated_plane(7, tmp_path, "noise", calibrate)

    assert made == [7]
    assert not list(tmp_path.iterdir())
