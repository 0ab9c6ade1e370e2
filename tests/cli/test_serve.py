"""`corinpaint serve`; tests/test_serving.py has frames restored by it."""

from __future__ import annotations

import contextlib
import signal
import sys

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


@pytest.fixture
def archive(tmp_path):
    path = tmp_path / "corinpaint.mar"
    path.write_bytes(b"no archive")
    return path


def test_options_of_the_one_server_are_refused_for_the_other(run, archive, tmp_path):
    (tmp_path / "config.properties").write_text("")
    refused = run("serve", archive, "--port", 9000)
    assert refused.exit_code == 1
    assert "--port is no option of TorchServe" in refused.output
    refused = run("serve", archive, "--server", "asgi", "--config", tmp_path / "config.properties")
    assert refused.exit_code == 1
    assert "--config is TorchServe's" in refused.output


def test_an_archive_that_the_server_in_python_cannot_read_ends_the_command_with_the_reason(run, archive, tmp_path):
    words = ("--server", "asgi", "--port", 0, "--metrics-port", 0, "--grpc-port", 0, "--folder", tmp_path)
    before = [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)]
    result = run("serve", archive, *words)
    assert result.exit_code == 1
    assert "corinpaint.mar: the archive is damaged" in result.output
    assert [signal.getsignal(number) for number in (signal.SIGTERM, signal.SIGINT)] == before


@pytest.mark.parametrize(
    ("server", "module", "extra"),
    [("asgi", "corinpaint.handlers.asgi.server", "asgi"), ("torchserve", "corinpaint.export.torchserve", "serve")],
)
def test_a_server_that_is_not_installed_is_named_with_its_extra(run, archive, monkeypatch, server, module, extra):
    monkeypatch.setitem(sys.modules, module, None)
    monkeypatch.delattr(module.rpartition(".")[0] + "." + module.rpartition(".")[2], raising=False)
    result = run("serve", archive, "--server", server)
    assert result.exit_code == 1
    assert f"install corinpaint[{extra}]" in result.output
