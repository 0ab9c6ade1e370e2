"""Metrics in Prometheus' format, added up over workers."""

from __future__ import annotations

from types import SimpleNamespace

from corinpaint.handlers.asgi.metrics import FRAMES, OWN, Recorder, Registry, Update
from corinpaint.handlers.metrics import COUNTERS, STAGE, Metrics


def test_the_handler_records_by_the_same_names_as_under_torchserve():
    recorder = Recorder()
    metrics = Metrics(SimpleNamespace(metrics=recorder, model_name="corinpaint"))
    assert {*COUNTERS, STAGE} < {one.name for one in recorder.declared}
    metrics.count_outcome("restored", "id")
    assert recorder.fetch() == [Update(FRAMES, 1, ("corinpaint", "restored"))]
    assert recorder.fetch() == []


def test_counters_are_added_up_and_gauges_replaced():
    registry = Registry()
    name = "corinpaint_workers_ready"
    registry.update([Update("corinpaint_workers_died_total", 1, ("m",))] * 3)
    registry.update([Update(name, 2, ("m",)), Update(name, 1, ("m",)), Update("unknown", 1, ())])
    text = registry.text()
    assert 'corinpaint_workers_died_total{ModelName="m",Hostname=' in text
    assert [line.split()[-1] for line in text.splitlines() if line.startswith(("corinpaint_workers_d", name))] == [
        "3.0",
        "1.0",
    ]
    assert all(f"# TYPE {one.name} {one.kind}" in text for one in OWN)
    assert "unknown" not in text


def test_a_histogram_has_cumulative_buckets_sum_and_count():
    recorder = Recorder()
    Metrics(SimpleNamespace(metrics=recorder, model_name="m"))
    registry = Registry(recorder.declared)
    registry.update([Update(STAGE, seconds, ("m", "fill")) for seconds in (0.004, 0.2, 99)])
    lines = dict(line.rsplit(" ", 1) for line in registry.text().splitlines() if STAGE in line and "#" not in line)
    values = {name.split("le=")[-1] if "le=" in name else name.split("{")[0]: value for name, value in lines.items()}
    assert [values[f'"{bound}",}}'] for bound in ("0.005", "0.25", "10.0", "+Inf")] == ["1.0", "2.0", "2.0", "3.0"]
    assert (values[f"{STAGE}_count"], values[f"{STAGE}_sum"]) == ("3.0", "99.204")


def test_labels_cannot_break_the_format():
    registry = Registry()
    registry.update([Update("corinpaint_workers_ready", 1, ('a"b\n\\',))])
    assert r'ModelName="a\"b\n\\",' in registry.text()
