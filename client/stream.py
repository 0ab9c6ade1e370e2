"""Many items processed concurrently, with results in the order of completion."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from itertools import islice
from typing import TypeVar

from corinpaint.lasco.errors import CorInpaintError

Item = TypeVar("Item")
Result = TypeVar("Result")


def map_unordered(
    items: Iterable[Item], work: Callable[[Item, threading.Event], Result], workers: int
) -> Iterator[tuple[Item, Result | CorInpaintError]]:
    """Call a function for each item, in threads.

    Parameters
    ----------
    items : iterable
        Taken one by one, in the thread of the caller, when a worker becomes free.
    work : callable
        Takes an item, and an event that is set when the caller wants no more results.
    workers : int
        Number of items at a time, and maximum number of results that wait to be taken.

    Yields
    ------
    item : object
    result : object or CorInpaintError
        What `work` returned or raised.

    Raises
    ------
    Exception
        Whatever else `work` raised, at once; the items in progress are stopped.
    """
    source, stop, pending = iter(items), threading.Event(), dict[Future[Result], Item]()
    pool = ThreadPoolExecutor(workers, thread_name_prefix="corinpaint-client")
    ready: list[tuple[Item, Future[Result]]] = []
    try:
        while True:
            for item in islice(source, workers - len(pending)):
                pending[pool.submit(work, item, stop)] = item
            for item, future in ready:
                error = future.exception()
                yield item, error if isinstance(error, CorInpaintError) else future.result()
            if not pending:
                return
            done, _ = wait(pending, return_when=FIRST_COMPLETED)
            ready = [(pending.pop(future), future) for future in done]
    finally:
        stop.set()
        pool.shutdown(cancel_futures=True)
