"""Metrics of the endpoint, through TorchServe's log of metrics, in Prometheus' format at its metrics address."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from corinpaint.restore.pipeline import Restored

COUNTERS = {
    "corinpaint_frames_total": ["ModelName", "Outcome"],
    "corinpaint_blocks_missing_total": ["ModelName"],
    "corinpaint_blocks_lost_total": ["ModelName"],  # deprecated name
    "corinpaint_blocks_filled_total": ["ModelName", "Detector"],
    "corinpaint_zones_refused_total": ["ModelName"],
}
"""Counters and their labels. Outcome: restored, probe, or the code of an error."""

STAGE = "corinpaint_stage_seconds"
"""Histogram of the seconds that each stage of a frame takes; labels ModelName and Stage."""

BATCH = "corinpaint_batch_frames"
"""Gauge of the number of frames in the latest batch."""


class Metrics:
    """The metrics of one worker.

    Parameters
    ----------
    context : ts.context.Context
        That of the worker; without a metrics cache nothing is counted.
    """

    def __init__(self, context: Any) -> None:
        self._cache: Any = getattr(context, "metrics", None)
        self._model = str(getattr(context, "model_name", ""))
        self._metrics: dict[str, Any] = {}
        if self._cache is None:
            return
        for name, labels in COUNTERS.items():
            self._add(name, "Count", labels, "counter")
        self._add(STAGE, "Seconds", ["ModelName", "Stage"], "histogram")
        self._add(BATCH, "Count", ["ModelName"], "gauge")

    def _add(self, name: str, unit: str, labels: list[str], kind: str) -> None:
        self._metrics[name] = self._cache.add_metric_to_cache(name, unit, labels, _metric_type(self._cache, kind))

    def count_batch(self, frames: int) -> None:
        """Record the size of a batch.

        Parameters
        ----------
        frames : int
            Number of requests in it.
        """
        self._update(BATCH, frames)

    def count_outcome(self, name: str, request_id: str | None) -> None:
        """Count a request by its outcome.

        Parameters
        ----------
        name : str
            ``restored``, ``probe``, or the code of an error.
        request_id : str or None
        """
        self._update("corinpaint_frames_total", 1, name, request_id=request_id)

    def count_restored(self, restored: Restored, seconds: Mapping[str, float], request_id: str | None) -> None:
        """Count the blocks, zones and stages of a frame that was restored.

        Parameters
        ----------
        restored : Restored
        seconds : mapping of str to float
            Seconds that each stage took.
        request_id : str or None
        """
        filled, detector = int(np.count_nonzero(restored.filled)), restored.frame.detector
        refused = sum(bool(record.refused) for record in restored.zones)
        for name in ("corinpaint_blocks_missing_total", "corinpaint_blocks_lost_total"):
            self._update(name, int(np.count_nonzero(restored.missing)), request_id=request_id)
        self._update("corinpaint_blocks_filled_total", filled, detector, request_id=request_id)
        self._update("corinpaint_zones_refused_total", refused, request_id=request_id)
        for stage, elapsed in seconds.items():
            self._update(STAGE, round(elapsed, 6), stage, request_id=request_id)

    def _update(self, name: str, value: float, *labels: str, request_id: str | None = None) -> None:
        if name in self._metrics:
            self._metrics[name].add_or_update(value, [self._model, *labels], request_id or "")


def _metric_type(cache: object, kind: str) -> Any:
    """A kind of metric as a cache wants it: TorchServe's takes members of its enumeration."""
    if type(cache).__module__.partition(".")[0] != "ts":
        return kind
    from ts.metrics.metric_type_enum import MetricTypes

    return MetricTypes(kind)
