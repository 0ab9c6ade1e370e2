"""Files from which a run is resumed."""

import json
import os
import signal
import threading

import pytest
import torch

from corinpaint.lasco.errors import TrainingError
from corinpaint.train.state import MetricsFile, load_state, random_states, save_state, set_random_states, stop_on_signal


def test_a_state_comes_back(tmp_path):
    save_state(tmp_path / "last.ckpt", {"step": 3, "model": {"a": torch.arange(3)}})

    state = load_state(tmp_path / "last.ckpt")

    assert state["step"] == 3
    assert torch.equal(state["model"]["a"], torch.arange(3))
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


def test_an_interrupted_write_leaves_the_old_state(tmp_path, monkeypatch):
    save_state(tmp_path / "last.ckpt", {"step": 3})

    def half(_state, file):
        file.write(b"half of a")
        raise KeyboardInterrupt

    monkeypatch.setattr(torch, "save", half)
    with pytest.raises(KeyboardInterrupt):
        save_state(tmp_path / "last.ckpt", {"step": 4})

    assert load_state(tmp_path / "last.ckpt")["step"] == 3
    assert [path.name for path in tmp_path.iterdir()] == ["last.ckpt"]


def test_a_missing_or_damaged_state_is_named(tmp_path):
    (tmp_path / "bad.ckpt").write_bytes(b"junk")

    with pytest.raises(TrainingError, match="nothing to resume"):
        load_state(tmp_path / "last.ckpt")
    with pytest.raises(TrainingError, match=r"bad\.ckpt: cannot be read"):
        load_state(tmp_path / "bad.ckpt")


def test_random_numbers_continue_where_they_were():
    states = random_states()
    expected = torch.rand(3)

    set_random_states(states)

    assert torch.equal(torch.rand(3), expected)


def test_metrics_after_the_resumed_step_and_half_lines_are_dropped(tmp_path):
    path = tmp_path / "metrics.jsonl"
    path.write_text('{"step": 1}\n{"step": 2}\n{"step": 3}\n{"ste')

    MetricsFile(path, 2).add({"step": 4})

    assert [json.loads(line)["step"] for line in path.read_text().splitlines()] == [1, 2, 4]


def test_a_termination_signal_becomes_a_request_and_the_old_handler_returns():
    before = signal.getsignal(signal.SIGTERM)

    with stop_on_signal() as stop:
        assert not stop.requested
        os.kill(os.getpid(), signal.SIGTERM)
        assert stop.requested

    assert signal.getsignal(signal.SIGTERM) is before


def test_off_the_main_thread_no_signal_is_caught():
    seen = []

    def work():
        with stop_on_signal() as stop:
            seen.append(stop.requested)

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()

    assert seen == [False]
