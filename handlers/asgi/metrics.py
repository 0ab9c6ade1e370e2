"""Metrics of the server: workers record them, the server adds them up and shows them in Prometheus' format."""

from __future__ import annotations

import socket
import threading
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

BOUNDS = (0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1.0, 2.5, 5.0, 7.5, 10.0)
"""Upper bounds of a histogram's buckets, those of TorchServe."""

REQUESTS = "ts_inference_requests_total"
"""Counter of the requests that were received, by TorchServe's name."""

FRAMES = "corinpaint_frames_total"
"""Counter of the requests that were answered, by their outcome."""


class Declaration(NamedTuple):
    """A metric.

    Attributes
    ----------
    name, unit : str
    labels : sequence of str
    kind : {'counter', 'gauge', 'histogram'}
    """

    name: str
    unit: str
    labels: Sequence[str]
    kind: str


class Update(NamedTuple):
    """One change of a metric: what is added to a counter, observed in a histogram, or the value of a gauge."""

    name: str
    value: float
    labels: Sequence[str]


OWN = (
    Declaration(REQUESTS, "Count", ("model_name", "model_version"), "counter"),
    Declaration("corinpaint_requests_refused_total", "Count", ("ModelName", "Reason"), "counter"),
    Declaration("corinpaint_workers_died_total", "Count", ("ModelName",), "counter"),
    Declaration("corinpaint_workers_ready", "Count", ("ModelName",), "gauge"),
    Declaration("corinpaint_requests_waiting", "Count", ("ModelName",), "gauge"),
)
"""Metrics that the server itself has, beside those of the handler."""


class Recorder:
    """What the handler takes for TorchServe's cache of metrics: it keeps every update until they are fetched."""

    def __init__(self) -> None:
        self.declared: list[Declaration] = []
        self._updates: list[Update] = []

    def add_metric_to_cache(self, name: str, unit: str, labels: Sequence[str], kind: Any) -> _Metric:
        """Declare a metric.

        Parameters
        ----------
        name, unit : str
        labels : sequence of str
        kind : str or ts.metrics.metric_type_enum.MetricTypes

        Returns
        -------
        object
            With TorchServe's method ``add_or_update``.
        """
        self.declared.append(Declaration(name, unit, tuple(labels), str(getattr(kind, "value", kind))))
        return _Metric(name, self._updates)

    def count(self, update: Update) -> None:
        """Keep an update that the handler knows nothing of.

        Parameters
        ----------
        update : Update
        """
        self._updates.append(update)

    def fetch(self) -> list[Update]:
        """The updates since it was asked last.

        Returns
        -------
        list of Update
        """
        updates = list(self._updates)
        self._updates.clear()
        return updates


class _Metric:
    def __init__(self, name: str, updates: list[Update]) -> None:
        self._name, self._updates = name, updates

    def add_or_update(self, value: float, labels: Sequence[str], _request_id: str = "") -> None:
        self._updates.append(Update(self._name, value, tuple(labels)))


class Registry:
    """The sums of all workers; can be shared by threads.

    Parameters
    ----------
    declared : iterable of Declaration
    """

    def __init__(self, declared: Iterable[Declaration] = OWN) -> None:
        self._lock = threading.Lock()
        self._declared: dict[str, Declaration] = {}
        self._values: dict[str, dict[tuple[str, ...], float]] = {}
        self._observed: dict[str, dict[tuple[str, ...], list[float]]] = {}
        self.declare(declared)

    def declare(self, declared: Iterable[Declaration]) -> None:
        """Add metrics; those that are there already stay.

        Parameters
        ----------
        declared : iterable of Declaration
        """
        with self._lock:
            for one in declared:
                self._declared.setdefault(one.name, one)

    def update(self, updates: Iterable[Update]) -> None:
        """Take updates; those of unknown metrics are ignored.

        Parameters
        ----------
        updates : iterable of Update
        """
        with self._lock:
            for name, value, labels in updates:
                if name in self._declared:
                    self._take(self._declared[name].kind, name, float(value), tuple(map(str, labels)))

    def _take(self, kind: str, name: str, value: float, labels: tuple[str, ...]) -> None:
        if kind == "histogram":
            sums = self._observed.setdefault(name, {}).setdefault(labels, [0.0] * (len(BOUNDS) + 2))
            for index, bound in enumerate(BOUNDS):
                sums[index] += value <= bound
            sums[-2] += 1
            sums[-1] += value
            return
        values = self._values.setdefault(name, {})
        values[labels] = value if kind == "gauge" else values.get(labels, 0.0) + value

    def text(self) -> str:
        """All metrics in Prometheus' text format, with the name of the host as TorchServe gives it.

        Returns
        -------
        str
        """
        with self._lock:
            return "".join(self._lines(one) for one in self._declared.values())

    def _lines(self, one: Declaration) -> str:
        host = "hostname" if one.name == REQUESTS else "Hostname"
        lines = [f"# HELP {one.name} {one.kind} metric with unit: {one.unit}", f"# TYPE {one.name} {one.kind}"]
        for labels, value in self._values.get(one.name, {}).items():
            lines.append(f"{one.name}{_labels(one.labels, labels, {host: HOST})} {value}")
        for labels, sums in self._observed.get(one.name, {}).items():
            buckets = zip([*map(str, BOUNDS), "+Inf"], sums[:-1], strict=True)
            lines += [
                f"{one.name}_bucket{_labels(one.labels, labels, {host: HOST, 'le': bound})} {count}"
                for bound, count in buckets
            ]
            lines.append(f"{one.name}_count{_labels(one.labels, labels, {host: HOST})} {sums[-2]}")
            lines.append(f"{one.name}_sum{_labels(one.labels, labels, {host: HOST})} {sums[-1]}")
        return "\n".join(lines) + "\n"


HOST = socket.gethostname()
"""Name of the machine."""


def _labels(names: Sequence[str], values: Sequence[str], further: Mapping[str, str]) -> str:
    pairs = {**dict(zip(names, values, strict=False)), **further}
    return "{" + "".join(f'{name}="{_escaped(value)}",' for name, value in pairs.items()) + "}"


def _escaped(value: str) -> str:
    return value.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
