"""Working through a plan: what remains of it, handed to processes or a cluster, until it is done or stopped."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from pathlib import Path

from corinpaint.archive.batch import set_aside
from corinpaint.archive.image_list import write_image_list
from corinpaint.archive.job import Job
from corinpaint.archive.layout import NRL
from corinpaint.archive.outcome import Outcome
from corinpaint.archive.planning.digest import settings_digest
from corinpaint.archive.planning.entries import Chunk, Entry
from corinpaint.archive.planning.plan_file import Plan, PlanError, Shard
from corinpaint.archive.running import logs
from corinpaint.archive.running.state import MADE, MAX_INTERRUPTED, State, read_state
from corinpaint.archive.running.work import Makes, Session, open_maker

Scheduler = Callable[[Session, Iterable[Chunk], threading.Event], Iterator[Outcome]]
"""Works through chunks: see `corinpaint.archive.running.local` and `corinpaint.archive.running.cluster`."""


@dataclass(frozen=True)
class Wanted:
    """What is wanted of a start of a run.

    Attributes
    ----------
    products : Path
        Folder of the products.
    shard : Shard
        Part of the plan.
    retry_failed : bool
        Try frames again that have failed or were set aside.
    trust_logs : bool
        Do not look whether the products that the logs name are there.
    """

    products: Path
    shard: Shard = field(default_factory=Shard)
    retry_failed: bool = False
    trust_logs: bool = False


class Run:
    """A plan with its logs.

    Parameters
    ----------
    plan : Plan
    wanted : Wanted
    maker : callable
        Opens the maker of a process.

    Raises
    ------
    OutputError
        When a log cannot be read.
    """

    def __init__(self, plan: Plan, wanted: Wanted, maker: Callable[[Job], Makes] = open_maker) -> None:
        self.plan, self.wanted, self.maker = plan, wanted, maker
        self.state: State = read_state(plan)

        self._stays = (lambda _: False) if wanted.retry_failed else self.state.is_given_up

    def count(self) -> int:
        """Number of entries that remain by the logs."""
        return sum(sum(self._remains(position) for position in self._positions(number)) for number in self._numbers())

    def chunks(self) -> Iterator[Chunk]:
        """The chunks of the shard with what remains of each, those frames last during which a process ended."""
        for number in self._numbers():
            positions = self._positions(number)
            if self.wanted.trust_logs and not any(map(self._remains, positions)):
                continue
            chunk = self.plan.chunk(number)
            left = [
                (self.state.interrupted[position], place)
                for place, (position, entry) in enumerate(zip(positions, chunk.entries, strict=True))
                if self._remains(position) or self._is_lost(position, entry)
            ]
            if left:
                yield chunk.chosen([place for _, place in sorted(left)])

    def remaining(self) -> Iterator[Entry]:
        """The entries that remain."""
        return chain.from_iterable(chunk.entries for chunk in self.chunks())

    def work(self, scheduler: Scheduler, stop: threading.Event) -> Iterator[Outcome]:
        """Work through what remains.

        Parameters
        ----------
        scheduler : callable
        stop : threading.Event
            No further frame is begun after it is set.

        Yields
        ------
        Outcome
            One for each entry, in the order in which they end.

        Raises
        ------
        PlanError
            When the network, the calibration, masks or context frames are not those of the plan.
        CorInpaintError
            When the run cannot go on.
        """
        if settings_digest(self.plan.settings.job) != self.plan.settings.digest:
            raise PlanError(
                f"{self.plan.path}: network, calibration files, masks or context frames are not those of the plan",
                "plan again: what is there already is recognised",
            )
        session = Session(
            self.plan.run.absolute(),
            self.wanted.products.absolute(),
            logs.session_name(self.wanted.shard),
            self.plan.settings.job,
            self.maker,
        )
        folders: set[Path] = set()
        for outcome in chain(self._set_aside(session), scheduler(session, self.chunks(), stop)):
            if outcome.fate in MADE:
                folders.add(Path(outcome.product).parent)
            yield outcome
        for folder in sorted(folders) if self.plan.settings.layout == NRL else ():
            write_image_list(folder)

    def _numbers(self) -> Iterator[int]:
        return filter(self.wanted.shard.has, range(self.plan.chunks))

    def _positions(self, number: int) -> range:
        size = self.plan.settings.chunk
        return range(number * size, min((number + 1) * size, self.plan.count))

    def _remains(self, position: int) -> bool:
        return not self.state.is_done(position) and not self._stays(position)

    def _is_lost(self, position: int, entry: Entry) -> bool:
        """Whether the logs say that an entry has a product, and there is none."""
        if self.wanted.trust_logs or not self.state.is_done(position):
            return False
        return not os.path.lexists(self.wanted.products / entry.product)

    def _set_aside(self, session: Session) -> Iterator[Outcome]:
        """Set frames aside during which processes ended again and again, none of which was seen to end by its frame."""
        if self.wanted.retry_failed:
            return
        for position, times in list(self.state.interrupted.items()):
            shard = self.wanted.shard.has(position // self.plan.settings.chunk)
            if times >= MAX_INTERRUPTED and shard and self._remains(position):
                (entry,) = self.plan.entries(position, position + 1)
                outcome = set_aside(session.task(Chunk(0, (entry,)), entry), times)
                with logs.Log(session.run, session.name) as log:
                    log.end(outcome)
                self.state.take(position, outcome)
                yield outcome
