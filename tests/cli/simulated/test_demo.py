"""`corinpaint demo`: from nothing to products and a report, without a clone."""

from __future__ import annotations

import webbrowser

import pytest


@pytest.mark.slow
def test_it_simulates_restores_and_compares(run, tmp_path, monkeypatch):
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", opened.append)
    result = run("demo", "-o", tmp_path / "demo")
    assert result.exit_code == 0, result.output
    names = sorted(path.name for path in (tmp_path / "demo" / "products").glob("*.fits"))
    assert names == ["35000020.fits", "35000021.fits", "35000022.fits"]
    assert "harmonic fill  error" in result.output
    assert result.output.splitlines()[-1].startswith("To look at: ")
    assert not opened
    again = run("demo", "-o", tmp_path / "demo", "--open")
    assert again.exit_code == 0, again.output
    assert len(opened) == 1
    assert opened[0].startswith("file://")


def test_a_folder_that_cannot_be_written_is_named(run, tmp_path, monkeypatch):
    from corinpaint.evaluate import demonstration
    from corinpaint.lasco.errors import OutputError

    def fail(*_):
        raise OutputError(f"{tmp_path}: cannot be written", "choose another folder")

    monkeypatch.setattr(demonstration, "simulations", fail)
    result = run("demo", "-o", tmp_path)
    assert result.exit_code == 1
    assert "choose another folder" in result.output
