"""TorchServe as a child process; tests/test_serving.py has frames restored by it."""

from __future__ import annotations

import time
import zipfile
from types import SimpleNamespace

import pytest

torchserve = pytest.importorskip("corinpaint.export.torchserve", reason="install corinpaint[serve]")

COUNTERS = """# TYPE ts_inference_requests_total counter
ts_inference_requests_total{model_name="corinpaint",model_version="default",hostname="h",} 9.0
corinpaint_frames_total{ModelName="corinpaint",Outcome="restored",Hostname="h",} 4.0
corinpaint_frames_total{ModelName="corinpaint",Outcome="not_fits",Hostname="h",} 3.0
"""


def a_server(texts):
    """A server whose metrics address gives these texts one after the other, and the last one from then on."""

    class Standing(torchserve.Server):
        def pending_requests(self):
            text = texts.pop(0) if len(texts) > 1 else texts[0]
            came, answered = (
                torchserve.counter_total(text, name)
                for name in ("ts_inference_requests_total", "corinpaint_frames_total")
            )
            return round(came - answered)

    return Standing({}, {}, None, SimpleNamespace(poll=lambda: None))


def test_counters_are_summed_over_their_labels():
    assert torchserve.counter_total(COUNTERS, "corinpaint_frames_total") == 7
    assert torchserve.counter_total(COUNTERS, "ts_inference_requests_total") == 9
    assert torchserve.counter_total(COUNTERS, "corinpaint_blocks_filled_total") == 0


def test_draining_waits_until_every_request_is_answered(monkeypatch):
    slept = []
    monkeypatch.setattr(torchserve.time, "sleep", slept.append)
    answered = COUNTERS.replace("} 3.0", "} 5.0")
    assert torchserve.drain(a_server([COUNTERS, COUNTERS, answered]), 60)
    assert len(slept) == 3


@pytest.mark.slow
def test_draining_does_not_wait_for_requests_that_died_with_their_worker(monkeypatch):
    monkeypatch.setattr(torchserve, "STALLED_SECONDS", 0.3)
    start = time.monotonic()
    assert torchserve.drain(a_server([COUNTERS]), 60)
    assert time.monotonic() - start < 30


def test_draining_ends_after_the_maximum_time():
    assert not torchserve.drain(a_server([COUNTERS]), 0.2)


def test_ports_are_those_of_the_configuration():
    text = "inference_address=http://127.0.0.1:9080\ngrpc_inference_port=9070\n# metrics_address=http://127.0.0.1:1\n"
    ports = torchserve.parse_ports(text)
    assert (ports["inference"], ports["grpc_inference"], ports["metrics"]) == (9080, 9070, 8082)
    assert torchserve.parse_ports(torchserve.CONFIG.read_text()) == torchserve.PORTS


def test_other_ports_are_written_into_the_configuration_and_addresses_stay():
    ports = dict(zip(torchserve.PORTS, range(9000, 9005), strict=True))
    text = torchserve.with_ports(torchserve.CONFIG.read_text(), ports)
    assert torchserve.parse_ports(text) == ports
    assert "inference_address=http://127.0.0.1:9000\n" in text


@pytest.mark.slow
def test_a_damaged_archive_is_reported_at_once_with_the_reason(tmp_path):
    archive = tmp_path / "corinpaint.mar"
    with zipfile.ZipFile(archive, "w") as made:
        made.writestr("MAR-INF/MANIFEST.json", "{")
    with (
        pytest.raises(torchserve.ServerError, match=r"does not load: .*Exception"),
        torchserve.serve(archive, tmp_path / "run", torchserve.free_ports()),
    ):
        pass


def test_a_missing_java_is_reported(tmp_path):
    archive = tmp_path / "corinpaint.mar"
    archive.write_bytes(b"")
    nowhere = {"JAVA_HOME": str(tmp_path), "PATH": ""}
    with (
        pytest.raises(torchserve.ServerError, match="java not found"),
        torchserve.serve(archive, tmp_path / "run", torchserve.free_ports(), settings=nowhere),
    ):
        pass
