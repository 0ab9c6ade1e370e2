"""`corinpaint serve`; tests/test_serving.py has frames restored by it."""

from __future__ import annotations

import contextlib
import signal

import pytest

torchserve = pytest.importorskip("corinpaint.export.torchserve", reason="install corinpaint[serve]")


def test_a_missing_archive_is_named_with_the_remedy(run, tmp_path):
    result = run("serve", tmp_path / "none.mar")
    assert result.exit_code == 1
    assert "none.mar: no such archive; make one with `corinpaint export mar`" in result.output


def test_a_model_that_does_not_load_ends_the_command_with_the_reason(run, tmp_path, monkeypatch):
    @contextlib.contextmanager
    def refusing(*_, **__):
        raise torchserve.ServerError("the model does not load: because", "its log is here")
        yield

    monkeypatch.setattr(torchserve, "serve", refusing)
    (tmp_path / "corinpaint.mar").write_bytes(b"")
    result = run("serve", tmp_path / "corinpaint.mar", "--folder", tmp_path)
    assert result.exit_code == 1
    assert "the model does not load: because" in result.output


def test_the_signals_of_the_caller_are_handled_as_before_when_the_command_ends(run, tmp_path):
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    run("serve", tmp_path / "none.mar")
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before
