"""The pool of workers: what dies, hangs, waits or is too much."""

from __future__ import annotations

import os
import signal
import threading
from concurrent.futures import CancelledError

import pytest

from corinpaint.handlers.asgi.processes.jobs import Job, QueueFullError, StoppingError, WorkerDiedError
from corinpaint.handlers.asgi.processes.starter import ServerError

NEVER = threading.Event()
SECONDS = 60


def job(does: str = "", body: bytes = b"frame") -> Job:
    return Job({"kind": "predict", "headers": {}, "request_id": "r", "do": does}, body)


def started(pool):
    pool.start()
    pool.wait_until_ready(NEVER)
    return pool


def test_a_request_is_answered_by_a_worker_and_counted(stub_pool):
    with stub_pool(workers=2) as pool:
        assert not pool.is_ready
        started(pool)
        assert pool.is_ready
        reply = pool.submit(job()).result(SECONDS)
        assert (reply.status, bytes(reply.body), reply.headers["content-type"]) == (200, b"frame", "application/fits")
        assert pool.pending == 0
        assert 'corinpaint_frames_total{ModelName="corinpaint",Outcome="restored"' in pool._registry.text()


def test_a_request_that_kills_its_worker_is_the_only_one_that_fails(stub_pool):
    with stub_pool(workers=1, waiting=10) as pool:
        started(pool)
        first = pool.submit(job()).result(SECONDS).headers["X-Corinpaint-Frame"]
        futures = [pool.submit(job(does)) for does in ("", "die", "", "die", "")]
        failed = [isinstance(future.exception(SECONDS), WorkerDiedError) for future in futures]
        assert failed == [False, True, False, True, False]
        assert futures[-1].result().headers["X-Corinpaint-Frame"] != first
        assert 'Outcome="worker_died",' in pool._registry.text()
        assert "corinpaint_workers_died_total" in pool._registry.text()


def test_an_idle_worker_that_is_killed_is_replaced_before_the_next_request(stub_pool):
    with stub_pool() as pool:
        started(pool)
        (worker,) = pool.workers
        os.kill(worker.process_id, signal.SIGKILL)
        reply = pool.submit(job()).result(SECONDS)
        assert reply.headers["X-Corinpaint-Frame"] != str(worker.process_id)


def test_the_process_that_workers_are_forked_from_is_replaced_too(stub_pool):
    with stub_pool() as pool:
        started(pool)
        pool._template._child.kill()
        pool._template._child.wait()
        assert pool.submit(job()).result(SECONDS).status == 200
        with pytest.raises(WorkerDiedError):
            pool.submit(job("die")).result(SECONDS)
        assert pool.submit(job()).result(SECONDS).status == 200


def test_a_worker_that_does_not_answer_in_time_is_killed(stub_pool):
    with stub_pool(response_seconds=0.2) as pool:
        started(pool)
        with pytest.raises(WorkerDiedError, match=r"no answer within 0\.2 s"):
            pool.submit(job("wait60")).result(SECONDS)
        assert pool.submit(job()).result(SECONDS).status == 200


@pytest.mark.slow
def test_as_many_requests_wait_as_may_and_one_that_is_cancelled_makes_room(stub_pool):
    with stub_pool(waiting=2) as pool:
        started(pool)
        busy = pool.submit(job("wait1"))
        while not busy.running():
            pass
        waiting = [pool.submit(job()), pool.submit(job())]
        with pytest.raises(QueueFullError):
            pool.submit(job())
        assert pool.pending == 3
        assert waiting[0].cancel()
        waiting.append(pool.submit(job()))
        assert [future.result(SECONDS).status for future in (busy, *waiting[1:])] == [200, 200, 200]
        with pytest.raises(CancelledError):
            waiting[0].result(SECONDS)


def test_closing_answers_what_is_pending_and_refuses_the_rest(stub_pool):
    with stub_pool() as pool:
        started(pool)
        futures = [pool.submit(job("wait0.2")), pool.submit(job())]
        assert pool.close(SECONDS)
        assert [future.result(0).status for future in futures] == [200, 200]
        assert not pool.is_ready
        with pytest.raises(StoppingError):
            pool.submit(job())


def test_closing_does_not_wait_for_ever(stub_pool):
    with stub_pool() as pool:
        started(pool)
        futures = [pool.submit(job("wait60")), pool.submit(job())]
        assert not pool.close(0.1)
        assert isinstance(futures[0].exception(SECONDS), WorkerDiedError)
        assert isinstance(futures[1].exception(SECONDS), StoppingError)


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ({"refuse": "no calibration"}, "no calibration"),
        ({"worker_refuses": "weights altered"}, "weights altered"),
        ({"protocol": 99}, "another version"),
    ],
)
def test_a_model_that_does_not_load_is_named(stub_pool, config, message):
    with stub_pool(config) as pool:
        pool.start()
        with pytest.raises(ServerError, match=message):
            pool.wait_until_ready(NEVER)
        assert not pool.is_ready
