"""Making the product of a frame, and the files beside it: what every process of a run does."""

from __future__ import annotations

import gzip
import json
import time
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

from corinpaint.archive.claims import BusyError, claim
from corinpaint.archive.job import Job
from corinpaint.archive.layout import beside
from corinpaint.archive.masks import Masks
from corinpaint.archive.outcome import Fate, Outcome
from corinpaint.lasco.errors import CorInpaintError, OutputError
from corinpaint.lasco.file_numbers import number_of
from corinpaint.lasco.files import write_all
from corinpaint.lasco.level05.frame import Frame, read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.level1.existing import Settings, State, state
from corinpaint.lasco.level1.product import Level1
from corinpaint.lasco.options import parse
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore.context import asked
from corinpaint.restore.limits.policies import check_policy, effective_policy, predicted_limit

if TYPE_CHECKING:
    from corinpaint.restore.engines.base import Inpainter
    from corinpaint.restore.nearby import AutomaticContext
    from corinpaint.restore.pipeline import Restored


class Maker:
    """Makes the products of a run; opens the calibration set and the network once.

    Parameters
    ----------
    job : Job

    Raises
    ------
    CorInpaintError
        When the calibration set, an option, the network, a mask or an explicit context frame is not fit.
    """

    def __init__(self, job: Job) -> None:
        self.job = job
        self.calibration, self.options = load_calibration_set(job.calibration), parse(job.departures)
        self.engine = self._network()
        self.context = [read_frame(path) for path in job.context]
        self.masks = Masks(job.mask)
        check_policy(job.policy, job.fill, self.engine.info.domain if self.engine else None)
        limit = predicted_limit(self._policy(job.context), job.max_error)
        self.settings = Settings(
            fill=job.fill,
            departures=" ".join(self.options.departures),
            calibration=self.calibration.kind,
            weights=self.engine.info.sha256 if self.engine else None,
            policy=self._policy(job.context),
            max_error="none" if limit is None else limit,
            compress=job.compress,
            user_mask="none",
            calibration_set=self.calibration,
        )
        self.nearby = self._automatic_context()

    def _network(self) -> Inpainter | None:
        from corinpaint.restore.engines import loading
        from corinpaint.restore.methods import registry

        if self.job.fill in registry.METHODS:
            registry.METHODS[self.job.fill]()  # a package that is not installed is reported before the first frame
        if self.job.fill not in ("network", "auto"):
            return None
        return loading.load(self.job.model, self.job.threads, self.job.provider)

    def _automatic_context(self) -> AutomaticContext | None:
        if not self.job.auto_context:
            return None
        from corinpaint.lasco.timeline import Timeline
        from corinpaint.restore.nearby import AutomaticContext

        return AutomaticContext(Timeline(), self.calibration, self.options)

    def _policy(self, context: Sequence[object]) -> str:
        """The policy that frames with this context are filled by."""
        return effective_policy(self.job.policy, self.job.fill, context=bool(context) or self.job.auto_context)

    def _given(self, frame: Path) -> list[Frame]:
        """The context frames of the job, without the frame itself."""
        number = number_of(frame.name)
        return [other for other in self.context if other.number != number]

    def make(
        self, frame: Path, target: Path, nearby: Sequence[Path] = (), *, wait: bool = True, anew: bool = False
    ) -> Outcome:
        """Make the product of a frame, unless it is there already.

        Parameters
        ----------
        frame : Path
            Level 0.5 file.
        target : Path
            The product, see `corinpaint.archive.layout`.
        nearby : sequence of Path, optional
            Frames that may be its context, the nearest first; those that are not fit are passed over.
        wait : bool
            Wait for another process that makes this product.
        anew : bool
            Make it although it is there.

        Returns
        -------
        Outcome
            With the error of a frame that failed.

        Raises
        ------
        BusyError
            When another process makes this product, and `wait` is False.
        """
        started = time.perf_counter()
        try:
            outcome = None if anew else self.existing(frame, target)
            if outcome is None:
                with claim(target, wait=wait):
                    outcome = self._made(frame, target, nearby, anew)
        except BusyError:
            raise
        except Exception as error:  # a bug must not stop the run
            outcome = failure(frame, error)
        return replace(outcome, seconds=round(time.perf_counter() - started, 4))

    def existing(self, frame: Path, target: Path) -> Outcome | None:
        """What becomes of a frame for which nothing is to be made, without reading its image; else None.

        Parameters
        ----------
        frame, target : Path
            As for `make`.

        Returns
        -------
        Outcome or None
            That the product is there, that a stale one stays, or that what is there may not be replaced.
        """
        try:
            fate, note = self._state(frame, target)
            return self._nothing_to_make(frame, target, fate, note)
        except Exception as error:
            return failure(frame, error)

    def intended(self, frame: Path, target: Path) -> Outcome:
        """What `make` would do; `Fate.MADE` and `Fate.REMADE` are for what it would try."""
        try:
            if not frame.is_file():
                read_frame(frame)  # which says what it is
            fate, note = self._state(frame, target)
            fate = Fate.MADE if fate is Fate.THERE and self._wanted(target, fate) else fate
            return Outcome(str(frame), fate, str(target), note=note)
        except Exception as error:
            return failure(frame, error)

    def _nothing_to_make(self, frame: Path, target: Path, fate: Fate, note: str) -> Outcome | None:
        stays = fate is Fate.STALE or (fate is Fate.THERE and not self._wanted(target, fate))
        return Outcome(str(frame), fate, str(target), note=note) if stays else None

    def _state(self, frame: Path, target: Path) -> tuple[Fate, str]:
        """What is to become of a frame by what is there, and why.

        Raises
        ------
        OutputError
            When something is there that may not be replaced.
        """
        if self.job.overwrite:
            return (Fate.REMADE if target.is_file() else Fate.MADE), ""
        settings = self.settings
        if self.job.verb == "restore":
            given = self._given(frame)
            settings = replace(
                settings,
                policy=self._policy(given),
                context=asked(given, automatic=self.job.auto_context),
                user_mask=self.masks.of(frame)[1],
            )
        existing = state(target, frame, settings)
        if existing.state is not State.STALE:
            return (Fate.THERE if existing.state is State.CURRENT else Fate.MADE), ""
        if self.job.stale == "fail":
            raise OutputError(
                f"{target}: is there already, {existing.difference}",
                "remove it, choose another folder, or allow --stale remake",
            )
        return (Fate.REMADE if self.job.stale == "remake" else Fate.STALE), existing.difference

    def _wanted(self, target: Path, fate: Fate) -> list[Path]:
        """The files that are to be made for a frame; of one whose product is there, the missing ones beside it."""
        asked = [beside(target, f".{kind}") for kind in ("png", "json") if getattr(self.job, kind)]
        return [file for file in asked if not file.is_file()] if fate is Fate.THERE else [target, *asked]

    def _made(self, path: Path, target: Path, nearby: Sequence[Path], anew: bool) -> Outcome:
        """Make what is wanted, unless another process has made it since `existing` looked."""
        fate, note = self._state(path, target)
        if anew and fate is Fate.THERE:
            fate = Fate.REMADE
        if outcome := self._nothing_to_make(path, target, fate, note):
            return outcome
        wanted, frame = self._wanted(target, fate), read_frame(path)
        if self.job.verb == "calibrate":
            product = calibrate(frame, self.calibration, self.options)
            contents = {target: self._packed(product, target)}
            outcome = Outcome(str(path), fate, missing=int(product.header["NMISSING"]))
        else:
            restored = self._restored(path, frame, nearby)
            product, outcome = restored.level1, _counted(path, restored)
            contents = {file: self._content(restored, file) for file in wanted}
        try:
            write_all(contents, overwrite=fate is Fate.REMADE or self.job.overwrite)
        except OutputError:
            if there := self.existing(path, target):  # written meanwhile, where the system has no locks
                return there
            raise
        return replace(
            outcome,
            fate=fate,
            product=str(target),
            note=note,
            warnings=product.warnings,
            calibration=str(product.header["CALIB"]),
        )

    def _restored(self, path: Path, frame: Frame, nearby: Sequence[Path]) -> Restored:
        from corinpaint.restore.pipeline import restore

        return restore(
            frame,
            fill=self.job.fill,
            inpainter=self.engine,
            calibration=self.calibration,
            options=self.options,
            context=self._given(path),
            nearby=self.nearby and self.nearby.among(nearby),
            policy=self.job.policy,
            max_error=self.job.max_error,
            mask=self.masks.of(path)[0],
        )

    def _content(self, restored: Restored, file: Path) -> bytes:
        """The product, its picture or its report, by the end of the file's name."""
        if file.suffix == ".png":
            from corinpaint.restore.pictures import before_after

            return before_after(restored.level1)
        if file.suffix == ".json":
            from corinpaint.restore.report import report

            seconds = {stage: round(spent, 4) for stage, spent in restored.seconds.items()}
            return json.dumps({**report(restored), "seconds": seconds}, indent=1).encode()
        return self._packed(restored.level1, file)

    def _packed(self, product: Level1, file: Path) -> bytes:
        content = product.to_bytes(self.job.compress)
        return gzip.compress(content, 6, mtime=0) if file.suffix == ".gz" else content


def failure(frame: Path | None, error: Exception) -> Outcome:
    """The outcome of a frame that failed, None for an input without a frame.

    An error that is none of CorInpaint's is a bug, and is called unexpected.
    """
    if not isinstance(error, CorInpaintError):
        error = CorInpaintError(f"{frame}: unexpected {type(error).__name__}: {error}", "please report this")
        error.code = "unexpected"
    what = error.what
    if frame is not None and str(frame) not in str(error):
        what = f"{frame}: {what.removeprefix(frame.name).removeprefix(': ')}"
    return Outcome(str(frame or ""), Fate.FAILED, code=error.code, what=what, remedy=error.remedy)


def _counted(path: Path, restored: Restored) -> Outcome:
    number = restored.counts
    return Outcome(
        str(path),
        Fate.MADE,
        missing=number.missing,
        filled=number.filled,
        refused=number.refused,
        occulted=number.occulted,
        reasons=tuple(sorted({record.refused for record in restored.zones if record.refused})),
    )
