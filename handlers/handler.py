"""The TorchServe handler: every item of a batch is restored by itself and answered by itself.

The frames of a batch are restored at the same time, on as many threads as there are cores; numpy and the engine let go
of the interpreter's lock for most of a frame. TorchServe wants exactly one class in here.

Over gRPC TorchServe passes on neither headers nor a status: options are input keys, and an error is the prediction,
JSON with ``code`` and ``status``. (Its own way, an exception, would fail the other items of the batch too.)
"""

from __future__ import annotations

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from http import HTTPStatus
from pathlib import Path
from typing import Any

from corinpaint.client.protocol import FILENAME_HEADER, FRAME_HEADER, FRAME_NAME, format_disposition
from corinpaint.handlers import answers, processing
from corinpaint.handlers.metrics import Metrics
from corinpaint.handlers.settings import Settings, read_settings
from corinpaint.lasco.errors import CheckpointError
from corinpaint.lasco.files import package_data
from corinpaint.lasco.photometry.optics import load_assets
from corinpaint.lasco.reference_files.calibration_set import Assets
from corinpaint.lasco.simulation.scene import simulate
from corinpaint.lasco.version import __version__
from corinpaint.restore.engines import base, loading
from corinpaint.restore.pipeline import restore

logger = logging.getLogger(__name__)


class CorInpaintHandler:
    """What TorchServe calls: `initialize` once per worker, then `handle` for every batch."""

    inpainter: base.Inpainter
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
        settings = read_settings(context.model_yaml_config)
        self.assets = load_assets(directory / settings.calibration if settings.calibration else None)
        model = _model(directory, settings)
        self.inpainter = loading.load(model, settings.threads, settings.provider, settings.spin)
        self.metrics = Metrics(context)
        self.pool = ThreadPoolExecutor(settings.parallel or os.cpu_count() or 1, thread_name_prefix="frame")
        self._warm_up()
        logger.info(
            "CorInpaint %s from %s: %s, weights %s, calibration %s",
            __version__,
            package_data("corinpaint"),
            settings.engine,
            self.inpainter.info.sha256[:12],
            self.assets.kind,
        )

    def _warm_up(self) -> None:
        """Restore a simulated frame: what is missing shows now, and the first request does not wait for imports."""
        restored = restore(simulate(0, lost=1).frame, inpainter=self.inpainter, assets=self.assets)
        if restored.filled.sum() != 1:
            reasons = "; ".join(verdict.refused for verdict in restored.verdicts)
            raise CheckpointError(
                f"{self.inpainter.info.path.name}: does not fill the warm-up frame ({reasons})", "export it again"
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
        items = [
            (fields, context.get_all_request_header(index), context.get_request_id(index))
            for index, fields in enumerate(data)
        ]
        run = map if len(data) == 1 else self.pool.map
        found = list(run(self._done, items))
        self.metrics.count_batch(len(data))
        for index, (done, (_, _, request_id)) in enumerate(zip(found, items, strict=True)):
            self._book(done, request_id)
            _describe(done.answer, context, index)
        return [done.answer.body for done in found]

    def _done(self, item: tuple[dict[str, Any], dict[str, Any], str | None]) -> processing.ProcessedRequest:
        return processing.process_request(*item, self.inpainter, self.assets)

    def _book(self, done: processing.ProcessedRequest, request_id: str | None) -> None:
        self.metrics.count_outcome(done.outcome, request_id)
        if done.restored is not None:
            self.metrics.count_restored(done.restored, done.seconds, request_id)
        took = ", ".join(f"{name} {1e3 * seconds:.0f} ms" for name, seconds in done.seconds.items())
        frame = done.answer.frame or "no frame"
        logger.info("request %s: %s: %s, %d bytes; %s", request_id, frame, done.outcome, len(done.answer.body), took)


def _describe(answer: answers.Answer, context: Any, index: int) -> None:
    """Status and headers of an answer."""
    context.set_response_status(answer.status, HTTPStatus(answer.status).phrase, index)
    context.set_response_content_type(index, answer.media_type)
    if answer.filename:
        context.set_response_header(index, FILENAME_HEADER, format_disposition(answer.filename))
    if FRAME_NAME.fullmatch(answer.frame):
        context.set_response_header(index, FRAME_HEADER, answer.frame)


def _model(directory: Path, settings: Settings) -> Path:
    return directory / {"onnxruntime": "corinpaint.onnx", "torchscript": "corinpaint.pt"}[settings.engine]
