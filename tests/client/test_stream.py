"""Work in threads: bounded, lazy, in the order in which it gets done."""

from __future__ import annotations

import threading

import pytest

from corinpaint.client.stream import map_unordered
from corinpaint.lasco.errors import CorInpaintError


def test_results_come_in_the_order_of_completion():
    gate = threading.Event()

    def work(item, _stop):
        if item == "slow":
            assert gate.wait(10)
        return item.upper()

    results = map_unordered(["slow", "quick"], work, 2)
    assert next(results) == ("quick", "QUICK")
    gate.set()
    assert list(results) == [("slow", "SLOW")]


def test_items_are_taken_when_workers_become_free():
    taken = []

    def items():
        for number in range(100):
            taken.append(number)
            yield number

    results = map_unordered(items(), lambda item, _stop: item, 4)
    assert not taken
    first, _ = next(results)
    assert len(taken) <= 8
    assert sorted([first, *(number for number, _ in results)]) == list(range(100))


def test_errors_of_corinpaint_are_results_and_others_end_everything():
    def work(item, _stop):
        raise {1: CorInpaintError("bad", "leave it"), 2: ZeroDivisionError()}[item]

    assert [str(error) for _, error in map_unordered([1], work, 1)] == ["bad; leave it"]
    with pytest.raises(ZeroDivisionError):
        list(map_unordered([2], work, 1))


def test_leaving_early_stops_the_work():
    stops = []

    def work(item, stop):
        stops.append(stop)
        return item

    results = map_unordered(range(10), work, 1)
    next(results)
    results.close()
    assert stops[0].is_set()
    assert len(stops) <= 2
