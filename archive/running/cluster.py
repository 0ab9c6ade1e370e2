"""The chunks of a plan on Dask: processes of this machine, an existing cluster, or jobs that Slurm starts."""

from __future__ import annotations

import importlib
import threading
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, replace
from typing import Any

from corinpaint.archive.outcome import Outcome
from corinpaint.archive.planning.entries import Chunk
from corinpaint.archive.running.work import Session, remove_stop_file, run_planned
from corinpaint.lasco.errors import CorInpaintError

Client = Any
"""distributed.Client, whose methods have no types."""

AHEAD = 2
"""Chunks that are submitted for each worker: the one in hand, and the next."""

MAX_FAILURES = 5
"""How often a chunk may be given up by the cluster without a frame of it having ended."""

POLL_S = 1.0
"""Time between two looks at the stop signal and at the number of workers, s."""

MEMORY = "2GiB"
"""Memory of a worker by default; one that needs more is ended by its nanny and started again."""


IGNORE_INTERRUPTS = "import signal; signal.signal(signal.SIGINT, signal.SIG_IGN)"
"""What workers on this machine run first: Ctrl-C reaches the whole group, and the run lets them finish."""


class ClusterError(CorInpaintError):
    """The cluster cannot be used."""

    code = "cluster"


@dataclass(frozen=True)
class Slurm:
    """What a job of the cluster asks Slurm for.

    Attributes
    ----------
    jobs : int
        Number of jobs.
    cores : int
        Of a job; each runs one worker process.
    memory : str
        Of a job, such as '16GiB'.
    walltime : str
        Of a job, HH:MM:SS.
    queue, account : str or None
        Partition, and account that is charged.
    directives : tuple of str
        Further lines of the job's script, such as '--constraint=epyc'.
    prologue : tuple of str
        Commands that the job runs first, such as 'module load python'.
    """

    jobs: int = 1
    cores: int = 8
    memory: str = "16GiB"
    walltime: str = "04:00:00"
    queue: str | None = None
    account: str | None = None
    directives: tuple[str, ...] = ()
    prologue: tuple[str, ...] = ()


@contextmanager
def local_cluster(processes: int, memory: str = MEMORY) -> Iterator[Client]:
    """A Dask cluster of worker processes on this machine, each of one thread and watched by a nanny.

    Yields
    ------
    distributed.Client

    Raises
    ------
    ClusterError
        When Dask is not installed.
    """
    distributed = _imported("distributed", "dask")
    with (
        distributed.LocalCluster(
            n_workers=processes,
            threads_per_worker=1,
            processes=True,
            memory_limit=memory,
            dashboard_address=None,
            preload=[IGNORE_INTERRUPTS],
        ) as cluster,
        distributed.Client(cluster) as client,
    ):
        yield client


@contextmanager
def existing_cluster(address: str, timeout: float = 30.0) -> Iterator[Client]:
    """A Dask cluster that runs already.

    Parameters
    ----------
    address : str
        Of its scheduler, such as tcp://node7:8786; or the path of a scheduler file.
    timeout : float
        Seconds to wait for it.

    Raises
    ------
    ClusterError
        When Dask is not installed, or nothing answers.
    """
    distributed = _imported("distributed", "dask")
    where = {"address": address} if "://" in address or ":" in address else {"scheduler_file": address}
    try:
        client = distributed.Client(**where, timeout=timeout)
    except (OSError, ValueError) as error:
        raise ClusterError(f"{address}: no Dask scheduler answers ({error})", "start dask scheduler there") from error
    with client:
        yield client


def slurm_cluster(slurm: Slurm) -> Any:
    """The cluster of dask-jobqueue, without any job yet; `job_script` of it gives the script of a job.

    Settings that are None or empty are taken from the configuration of dask-jobqueue, ``~/.config/dask/jobqueue.yaml``.

    Returns
    -------
    dask_jobqueue.SLURMCluster

    Raises
    ------
    ClusterError
        When dask-jobqueue is not installed.
    """
    jobqueue = _imported("dask_jobqueue", "slurm")
    optional = {"queue": slurm.queue, "account": slurm.account}
    lists = {"job_extra_directives": slurm.directives, "job_script_prologue": slurm.prologue}
    return jobqueue.SLURMCluster(
        n_workers=0,
        cores=slurm.cores,
        processes=slurm.cores,
        memory=slurm.memory,
        walltime=slurm.walltime,
        scheduler_options={"dashboard": False},
        **{name: value for name, value in optional.items() if value},
        **{name: list(values) for name, values in lists.items() if values},
    )


@contextmanager
def slurm_jobs(slurm: Slurm) -> Iterator[Client]:
    """Start jobs of Slurm whose processes are the workers; they end with the block."""
    distributed = _imported("distributed", "slurm")
    with ExitStack() as stack:
        cluster = stack.enter_context(slurm_cluster(slurm))
        cluster.adapt(minimum_jobs=slurm.jobs, maximum_jobs=slurm.jobs)  # jobs that reach their time limit are replaced
        yield stack.enter_context(distributed.Client(cluster))


def run_on_dask(session: Session, chunks: Iterable[Chunk], client: Client, stop: threading.Event) -> Iterator[Outcome]:
    """Work through chunks on a Dask cluster; a chunk is one task, so that it is not split between workers.

    A chunk whose worker dies is begun again by another one, which goes on where the log of the chunk ends. Only a few
    chunks for each worker are known to the scheduler at a time.

    Parameters
    ----------
    session : Session
        Its folders must be where the workers see them.
    chunks : iterable of Chunk
        Drawn as they are submitted.
    client : distributed.Client
    stop : threading.Event
        No further frame is begun after it is set.

    Yields
    ------
    Outcome
        One for each entry.

    Raises
    ------
    CorInpaintError
        When the job cannot be done at all, a log cannot be written, or chunks fail again and again.
    """
    session = replace(session, job=replace(session.job, threads=session.job.threads or 1))
    flight = _Flight(session, client)
    waiting = iter(chunks)
    try:
        while True:
            if stop.is_set() and not flight.is_stopped:
                flight.stop()
            while not stop.is_set() and flight.has_room() and (chunk := next(waiting, None)):
                flight.submit(chunk)
            if not flight.futures:
                break
            yield from flight.ended()
    except BaseException:
        flight.stop()  # its file stays: workers of a cluster that goes on see it after the frames in hand
        raise
    remove_stop_file(session)


class _Flight:
    """The chunks that the scheduler knows."""

    def __init__(self, session: Session, client: Client) -> None:
        self.session, self.client, self.distributed = session, client, _imported("distributed", "dask")
        self.futures: dict[Any, Chunk] = {}
        self.failures: Counter[int] = Counter()
        self.is_stopped = False

    def has_room(self) -> bool:
        return len(self.futures) < AHEAD * max(1, len(self.client.scheduler_info(n_workers=-1)["workers"]))

    def submit(self, chunk: Chunk) -> None:
        key = (f"chunk-{self.session.name}", chunk.number, self.failures[chunk.number])  # one group for the scheduler
        what = (self.session, chunk.number, chunk.places, chunk.entries[0].key)
        self.futures[self.client.submit(run_planned, *what, key=key, pure=False)] = replace(chunk, around=())

    def ended(self) -> Iterator[Outcome]:
        """The outcomes of chunks that have ended by now, after a wait for one."""
        try:
            done = self.distributed.wait(list(self.futures), timeout=POLL_S, return_when="FIRST_COMPLETED").done
        except TimeoutError:
            return
        for future in done:
            chunk = self.futures.pop(future)
            if future.status == "finished":
                yield from future.result()
            elif future.status == "error":
                self._given_up(chunk, future.exception())
            future.release()

    def _given_up(self, chunk: Chunk, error: BaseException) -> None:
        """Submit a chunk again whose workers died, which a frame of it may have done."""
        if not isinstance(error, self.distributed.KilledWorker):
            raise error
        self.failures[chunk.number] += 1
        if self.failures[chunk.number] > MAX_FAILURES + len(chunk.entries):
            raise ClusterError(
                f"chunk {chunk.number}: its workers died {self.failures[chunk.number]} times",
                "give the workers more memory, see their logs",
            )
        if not self.is_stopped:
            self.submit(chunk)

    def stop(self) -> None:
        """Let workers finish the frames in hand, and forget chunks that none has begun."""
        self.is_stopped = True
        if not self.futures:
            return
        self.session.stop_file.touch()
        processing = {key for keys in self.client.processing().values() for key in keys}
        for future in [future for future in self.futures if future.key not in processing]:
            future.cancel()
            del self.futures[future]


def _imported(name: str, extra: str) -> Any:
    """A package that may not be installed, and the extra that installs it."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise ClusterError(
            f"{name} is not installed", f'pip install "corinpaint[{extra}]", or use --scheduler processes'
        ) from error
