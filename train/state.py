"""Files from which a run is resumed after an interruption at any moment."""

from __future__ import annotations

import json
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import FrameType
from typing import Any

import torch

from corinpaint.lasco.errors import TrainingError
from corinpaint.lasco.files import aside, write_bytes


def save_state(path: Path, state: dict[str, Any]) -> None:
    """Write the state of a run; the file appears complete or not at all.

    Parameters
    ----------
    path : Path
    state : dict
        Tensors and plain values.

    Raises
    ------
    OutputError
        The file cannot be written.
    """
    with aside(path) as part, part.open("wb") as file:  # torch refuses names that begin with a dot
        torch.save(state, file)


def load_state(path: Path) -> dict[str, Any]:
    """Read what `save_state` wrote, onto the CPU.

    Raises
    ------
    TrainingError
        The file is missing or cannot be read.
    """
    try:
        state: dict[str, Any] = torch.load(path, map_location="cpu", weights_only=True)
    except FileNotFoundError as error:
        raise TrainingError(f"{path}: there is nothing to resume", "start the run without resume") from error
    except Exception as error:
        raise TrainingError(f"{path}: cannot be read ({error})", "start a new run") from error
    return state


def random_states() -> dict[str, Any]:
    """States of torch's random generators."""
    states: dict[str, Any] = {"cpu": torch.get_rng_state()}
    if torch.cuda.is_available():
        states["cuda"] = torch.cuda.get_rng_state_all()
    return states


def set_random_states(states: dict[str, Any]) -> None:
    """Inverse of `random_states`."""
    torch.set_rng_state(states["cpu"])
    if "cuda" in states and torch.cuda.is_available():
        torch.cuda.set_rng_state_all(states["cuda"])


class MetricsFile:
    """`metrics.jsonl`: one JSON object per line, each with its step.

    Parameters
    ----------
    path : Path
    step : int
        Step from which the run continues; later lines of an interrupted run are dropped.
    """

    def __init__(self, path: Path, step: int) -> None:
        self.path = path
        kept = [line for line in _lines(path) if _step_of(line) <= step]
        write_bytes(path, "".join(f"{line}\n" for line in kept).encode(), overwrite=True)

    def add(self, values: dict[str, Any]) -> None:
        """Append a line."""
        with self.path.open("a") as file:
            file.write(json.dumps(values) + "\n")


class StopRequest:
    """Whether the process was requested to end."""

    def __init__(self) -> None:
        self.requested = False

    def __call__(self, _number: int, _frame: FrameType | None) -> None:
        self.requested = True


@contextmanager
def stop_on_signal() -> Iterator[StopRequest]:
    """Make SIGTERM a request that the loop reads between steps; in other threads than the main one it is not caught."""
    request = StopRequest()
    try:
        old = signal.signal(signal.SIGTERM, request)
    except ValueError:
        yield request
        return
    try:
        yield request
    finally:
        signal.signal(signal.SIGTERM, old)


def _lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


def _step_of(line: str) -> float:
    try:
        return float(json.loads(line)["step"])
    except (ValueError, KeyError, TypeError):
        return float("inf")
