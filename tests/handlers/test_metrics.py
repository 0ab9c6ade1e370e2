"""What the endpoint counts, as TorchServe's log of metrics has it."""

from __future__ import annotations

import gc
import logging
import warnings
from types import SimpleNamespace

import pytest

from corinpaint.handlers.metrics import Metrics
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.restore.pipeline import restore

pytest.importorskip("ts")


@pytest.fixture
def cache(tmp_path):
    from ts.metrics.metric_cache_yaml_impl import MetricsCacheYamlImpl

    config = tmp_path / "metrics.yaml"
    config.write_text("model_metrics:\n  gauge:\n    - {name: other, unit: ms, dimensions: []}\n")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ResourceWarning)  # TorchServe leaves the file open
        made = MetricsCacheYamlImpl(str(config))
        gc.collect()
    return made


def lines_of(caplog):
    return [record.getMessage() for record in caplog.records if record.getMessage().startswith("[METRICS]")]


@pytest.mark.slow
def test_blocks_zones_and_stages_are_counted_with_the_id_of_the_request(cache, make_frame, echo, caplog):
    metrics = Metrics(SimpleNamespace(metrics=cache, model_name="corinpaint"))
    frame = read_frame(make_frame(missing=((20, 20), (20, 21), (0, 16))))
    with caplog.at_level(logging.INFO):
        metrics.count_batch(3)
        metrics.count_outcome("restored", "r1")
        metrics.count_restored(restore(frame, inpainter=echo), {"decode": 0.25, "fill": 0.0341}, "r1")
    values = {line.partition("|")[0].removeprefix("[METRICS]"): line for line in lines_of(caplog)}
    assert "corinpaint_batch_frames.Count:3" in values
    assert "Outcome:restored" in values["corinpaint_frames_total.Count:1"]
    assert "corinpaint_blocks_missing_total.Count:3" in values
    assert "corinpaint_blocks_lost_total.Count:3" in values
    assert "Detector:C3" in values["corinpaint_blocks_filled_total.Count:2"]
    assert "corinpaint_zones_refused_total.Count:1" in values
    assert "Stage:decode" in values["corinpaint_stage_seconds.Seconds:0.25"]
    assert "Stage:fill" in values["corinpaint_stage_seconds.Seconds:0.0341"]
    assert all("ModelName:corinpaint" in line for line in values.values())
    assert values["corinpaint_frames_total.Count:1"].endswith(",r1")


def test_without_a_cache_of_metrics_nothing_is_counted_and_nothing_breaks(caplog):
    metrics = Metrics(SimpleNamespace())
    with caplog.at_level(logging.INFO):
        metrics.count_batch(1)
        metrics.count_outcome("not_fits", None)
    assert not lines_of(caplog)
