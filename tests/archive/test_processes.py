"""Worker processes under supervision."""

from __future__ import annotations

import signal
import threading
from functools import partial

import pytest
from work import Killed, Noted, die, pid, refuse, square

from corinpaint.archive.processes import MAX_FAILED_STARTS, Death, WorkerError, Workers
from corinpaint.lasco.errors import OptionError

pytestmark = pytest.mark.slow  # processes are started


def test_every_task_has_its_result():
    results = Workers[int, int](2, square).run([[number] for number in range(20)])
    assert dict(results) == {number: number * number for number in range(20)}


def test_a_chunk_is_worked_through_by_one_process_in_order():
    results = list(Workers[int, int](2, pid).run([[1, 2, 3, 4], [5, 6, 7, 8]]))
    by_process: dict[object, list[int]] = {}
    for task, process in results:
        by_process.setdefault(process, []).append(task)
    for tasks in by_process.values():
        assert tasks in ([1, 2, 3, 4], [5, 6, 7, 8], [1, 2, 3, 4, 5, 6, 7, 8], [5, 6, 7, 8, 1, 2, 3, 4])


def test_a_task_that_kills_its_process_costs_no_other(tmp_path):
    setup = partial(Killed, tmp_path, frozenset({3}), frozenset({5}))
    results = dict(Workers[int, int](2, setup).run([[0, 1, 2], [3, 4], [5, 6], [7]]))
    assert results.pop(3) == Death(-signal.SIGKILL)
    assert results == {number: number * number for number in (0, 1, 2, 4, 5, 6, 7)}


def test_no_task_begins_after_the_stop(tmp_path):
    stop, file = threading.Event(), tmp_path / "given"
    file.touch()
    results = []
    for task, _ in Workers[int, int](2, partial(Noted, file), stop).run([[n, n + 1] for n in range(0, 200, 2)]):
        results.append(task)
        if len(results) == 4:
            stop.set()
    given = list(map(int, file.read_text().split()))
    assert sorted(given) == sorted(results)
    assert len(given) <= 4 + 2


def test_an_error_of_the_setup_is_raised():
    with pytest.raises(OptionError, match="fill = 'x' is unknown; choose another"):
        list(Workers[int, int](2, refuse).run([[1]]))


def test_workers_that_never_start_are_an_error_and_not_an_endless_loop():
    with pytest.raises(WorkerError, match=f"{MAX_FAILED_STARTS} worker processes ended before they were ready"):
        list(Workers[int, int](1, die).run([[1], [2]]))


@pytest.mark.parametrize(("code", "cause"), [(-9, "SIGKILL"), (-999, "signal 999"), (3, "exit status 3")])
def test_a_death_says_its_cause(code, cause):
    assert Death(code).cause == cause
