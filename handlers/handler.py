"""The TorchServe handler: every item of a batch is restored by itself and answered by itself.

The frames of a batch are restored at the same time, on as many threads as there are cores; numpy and the engine let go
of the interpreter's lock for most of a frame.

Over gRPC TorchServe passes on neither headers nor a status: options are input keys, and an error is the prediction,
JSON with ``code`` and ``status``. (Its own way, an exception, would fail the other items of the batch too.)
"""

from __future__ import annotations

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from http import HTTPStatus
from pathlib import Path
from typing import Any

from corinpaint.handlers import answers, wire
from corinpaint.handlers.metrics import Metrics
from corinpaint.handlers.settings import Settings, read_settings
from corinpaint.lasco.assets import Assets, load_assets
from corinpaint.lasco.errors import CheckpointError, CorInpaintError
from corinpaint.lasco.frame import number_of, read_frame
from corinpaint.lasco.simulate import simulate
from corinpaint.lasco.version import __version__
from corinpaint.restore import backends
from corinpaint.restore.pipeline import Restored, restore
from corinpaint.restore.stages import Stages

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Done:
    """A request that was dealt with.

    Attributes
    ----------
    answer : Answer
    outcome : str
        'restored', 'probe', or the code of the error.
    restored : Restored or None
        None when there is no product.
    stages : Stages
    """

    answer: answers.Answer
    outcome: str
    restored: Restored | None
    stages: Stages


class CorInpaintHandler:
    """What TorchServe calls: `initialize` once per worker, then `handle` for every batch."""

    settings = Settings()
    inpainter: backends.Inpainter
    assets: Assets
    metrics: Metrics
    pool: ThreadPoolExecutor

    def initialize(self, context: Any) -> None:
        """Open the network and the calibration, and restore one frame.

        Parameters
        ----------
        context : ts.context.Context
            Its `system_properties["model_dir"]` is the unpacked archive, its `model_yaml_config` model-config.yaml.

        Raises
        ------
        CorInpaintError
            When the archive or its configuration cannot be used, or the network does not fill; the worker does not get
            ready then.
        """
        directory = Path(context.system_properties["model_dir"])
        self.settings = settings = read_settings(context.model_yaml_config)
        self.assets = load_assets(directory / settings.calibration if settings.calibration else None)
        self.inpainter = backends.load(_model(directory, settings), settings.threads)
        self.metrics = Metrics(context)
        self.pool = ThreadPoolExecutor(settings.parallel or os.cpu_count() or 1, thread_name_prefix="frame")
        self._warm_up()
        logger.info(
            "CorInpaint %s from %s: %s, weights %s, calibration %s",
            __version__,
            Path(wire.__file__).parents[1],
            settings.engine,
            self.inpainter.info.sha256[:12],
            self.assets.kind,
        )

    def _warm_up(self) -> None:
        """Restore a simulated frame: what is missing shows now, and the first request does not wait for imports."""
        restored = restore(simulate(0, lost=1).frame, inpainter=self.inpainter, assets=self.assets)
        if restored.filled.sum() != 1:
            raise CheckpointError(
                f"{self.inpainter.info.path.name}: does not fill the warm-up frame "
                f"({'; '.join(verdict.refused for verdict in restored.verdicts)}); export the archive again"
            )
        answers.product(restored, "application/fits")

    def handle(self, data: list[dict[str, Any]], context: Any) -> list[bytes]:
        """Answer a batch.

        Parameters
        ----------
        data : list of dict
            Fields of each request.
        context : ts.context.Context
            Gives the headers, takes status and headers of the answers.

        Returns
        -------
        list of bytes
            As long as `data`.
        """
        headers = [context.get_all_request_header(index) for index in range(len(data))]
        ids = [context.get_request_id(index) for index in range(len(data))]
        run = map if len(data) == 1 else self.pool.map
        found = list(run(self._done, data, headers, ids))
        self.metrics.batch(len(data))
        for index, (done, request_id) in enumerate(zip(found, ids, strict=True)):
            self._count(done, request_id)
            _describe(done.answer, context, index)
        return [done.answer.body for done in found]

    def _count(self, done: Done, request_id: str | None) -> None:
        self.metrics.outcome(done.outcome, request_id)
        if done.restored is not None:
            self.metrics.restored(done.restored, done.stages.seconds, request_id)
        took = ", ".join(f"{name} {1e3 * seconds:.0f} ms" for name, seconds in done.stages.seconds.items())
        frame = done.answer.frame or "no frame"
        logger.info("request %s: %s: %s, %d bytes; %s", request_id, frame, done.outcome, len(done.answer.body), took)

    def _done(self, fields: dict[str, Any], headers: dict[str, Any], request_id: str | None) -> Done:
        stages, name = Stages(), ""
        try:
            if wire.is_probe(fields, headers):
                return Done(answers.status(self._status()), "probe", None, stages)
            request = wire.parse(fields, headers)
            name = number_of(request.name) if request.name else ""
            frame = read_frame(request.frame, name=request.name or None)
            frame = replace(frame, number=name or frame.number)
            name = frame.number
            context = [read_frame(raw, name=f"context {index}") for index, raw in enumerate(request.context, 1)]
            stages.ended("decode")
            restored = restore(
                frame,
                fill=request.fill,
                inpainter=self.inpainter,
                assets=self.assets,
                options=request.options,
                context=context,
                most_error=request.most_error,
            )
            stages.restarted(restored.seconds)
            answer = answers.product(restored, request.media_type)
            stages.ended("encode")
            return Done(answer, "restored", restored, stages)
        except CorInpaintError as error:
            logger.warning("request %s: %s: %s", request_id, error.code, error, exc_info=error.status >= 500)
            return Done(answers.refusal(error, request_id, name), error.code, None, stages)
        except Exception:  # the worker has to outlive whatever a frame can do to it
            logger.exception("request %s failed", request_id)
            return Done(answers.failure(request_id, name), "internal", None, stages)

    def _status(self) -> dict[str, Any]:
        info = self.inpainter.info
        return {
            "ready": True,
            "corinpaint": __version__,
            "engine": info.engine,
            "weights": {"sha256": info.sha256, "version": info.version},
            "calibration": self.assets.kind,
        }


def _describe(answer: answers.Answer, context: Any, index: int) -> None:
    """Status and headers of an answer."""
    context.set_response_status(answer.status, HTTPStatus(answer.status).phrase, index)
    context.set_response_content_type(index, answer.media_type)
    if answer.filename:
        context.set_response_header(index, "Content-Disposition", f'attachment; filename="{answer.filename}"')
    if wire.NAME.fullmatch(answer.frame):
        context.set_response_header(index, "X-Corinpaint-Frame", answer.frame)


def _model(directory: Path, settings: Settings) -> Path:
    return directory / {"onnxruntime": "corinpaint.onnx", "torchscript": "corinpaint.pt"}[settings.engine]
