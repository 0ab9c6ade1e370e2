"""Starting workers from one process."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from corinpaint.handlers.asgi.processes import starter
from corinpaint.handlers.asgi.processes.starter import ServerError, Template
from corinpaint.handlers.asgi.processes.unpack import Archive


@pytest.fixture
def template(tmp_path, stub_command):
    made = Template(Archive(Path(tmp_path), "corinpaint", "1.0", {}), list(stub_command), 60)
    yield made
    made.end()


def test_workers_are_forked_from_one_process_and_say_what_they_measure(template):
    (first, metrics), (second, _) = template.fork(), template.fork()
    assert first.process_id != second.process_id
    assert [one.name for one in metrics] == ["corinpaint_frames_total"]
    assert not first.is_gone()
    first.kill()
    first.peer.recv(1)
    assert first.is_gone()
    assert not second.is_gone()
    for worker in (first, second):
        worker.peer.close()


def test_a_process_that_ended_is_started_again(template):
    template.fork()[0].peer.close()
    os.kill(template._child.pid, signal.SIGKILL)
    template._child.wait()
    template.fork()[0].peer.close()


def test_a_command_that_does_not_start_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(starter, "STOP_SECONDS", 0.1)
    made = Template(Archive(Path(tmp_path), "corinpaint", "1.0", {}), ["/bin/false"], 60)
    with pytest.raises(ServerError, match="ended while starting"):
        made.fork()
    slow = Template(Archive(Path(tmp_path), "corinpaint", "1.0", {}), ["/bin/sh", "-c", "exec sleep 60"], 0.1)
    with pytest.raises(ServerError, match="not ready in time"):
        slow.fork()
