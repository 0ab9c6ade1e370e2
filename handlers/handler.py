"""The TorchServe handler, which restores and answers each request of a batch independently.

The frames of a batch are restored concurrently, on as many threads as there are cores; numpy and the engine release the
interpreter's lock for most of the time. TorchServe expects exactly one class in this module.

Over gRPC TorchServe passes on neither headers nor a status: options are input keys, and an error is the prediction,
JSON with ``code`` and ``status``. (An exception, TorchServe's own way, would fail the other requests of the batch too.)
"""

from __future__ import annotations

import logging
import os
from concurrent.futures import ThreadPoolExecutor
from functools import lru_cache
from http import HTTPStatus
from pathlib import Path
from typing import Any

from corinpaint.client.protocol import FILENAME_HEADER, FRAME_HEADER, FRAME_NAME, format_disposition
from corinpaint.handlers import answers, processing
from corinpaint.handlers.metrics import Metrics
from corinpaint.handlers.settings import Settings, read_settings
from corinpaint.lasco.errors import CheckpointError
from corinpaint.lasco.files import package_data
from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet
from corinpaint.lasco.simulation.scene import simulate
from corinpaint.lasco.version import __version__
from corinpaint.restore.engines import base, loading
from corinpaint.restore.pipeline import restore

logger = logging.getLogger(__name__)


class CorInpaintHandler:
    """The handler that TorchServe calls: `initialize` once per worker, then `handle` for every batch.

    Attributes
    ----------
    inpainter : Inpainter
    calibration : CalibrationSet
    metrics : Metrics
    pool : ThreadPoolExecutor
        Threads for the frames of a batch.
    """

    inpainter: base.Inpainter
    calibration: CalibrationSet
    metrics: Metrics
    pool: ThreadPoolExecutor

    def initialize(self, context: Any) -> None:
        """Load the network and the calibration, and restore one frame.

        Parameters
        ----------
        context : ts.context.Context
            Its `system_properties["model_dir"]` is the unpacked archive, its `model_yaml_config` model-config.yaml.

        Raises
        ------
        CorInpaintError
            When the archive or its configuration cannot be used, or the network does not fill; the worker does not
            become ready then.
        """
        directory = Path(context.system_properties["model_dir"])
        settings = read_settings(context.model_yaml_config)
        self.calibration = load_calibration(directory, settings)
        model = _model_path(directory, settings)
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
            self.calibration.kind,
        )

    def _warm_up(self) -> None:
        """Restore a simulated frame: errors of the set-up occur now, and no request has to wait for imports."""
        restored = restore(warm_up_frame(), inpainter=self.inpainter, calibration=self.calibration)
        if restored.filled.sum() != 1:
            reasons = "; ".join(record.refused for record in restored.zones)
            raise CheckpointError(
                f"{self.inpainter.info.path.name}: does not fill the warm-up frame ({reasons})", "export it again"
            )
        answers.product(restored, "application/fits")

    def handle(self, data: list[dict[str, Any]], context: Any) -> list[bytes]:
        """Answer a batch of requests.

        Parameters
        ----------
        data : list of dict
            Fields of each request.
        context : ts.context.Context
            Provides the headers of the requests, and takes status and headers of the answers.

        Returns
        -------
        list of bytes
            Body of each answer.
        """
        requests = [
            (fields, context.get_all_request_header(index), context.get_request_id(index))
            for index, fields in enumerate(data)
        ]
        run = map if len(data) == 1 else self.pool.map
        processed = list(run(self._process, requests))
        self.metrics.count_batch(len(data))
        for index, (request, (_, _, request_id)) in enumerate(zip(processed, requests, strict=True)):
            self._record(request, request_id)
            _set_headers(request.answer, context, index)
        return [request.answer.body for request in processed]

    def _process(self, request: tuple[dict[str, Any], dict[str, Any], str | None]) -> processing.ProcessedRequest:
        return processing.process_request(*request, self.inpainter, self.calibration)

    def _record(self, request: processing.ProcessedRequest, request_id: str | None) -> None:
        """Count a request and log it in one line."""
        self.metrics.count_outcome(request.outcome, request_id)
        if request.restored is not None:
            self.metrics.count_restored(request.restored, request.seconds, request_id)
        stages = ", ".join(f"{name} {1e3 * seconds:.0f} ms" for name, seconds in request.seconds.items())
        frame, size = request.answer.frame or "no frame", len(request.answer.body)
        logger.info("request %s: %s: %s, %d bytes; %s", request_id, frame, request.outcome, size, stages)


def _set_headers(answer: answers.Answer, context: Any, index: int) -> None:
    """Set status and headers of an answer."""
    context.set_response_status(answer.status, HTTPStatus(answer.status).phrase, index)
    context.set_response_content_type(index, answer.media_type)
    if answer.filename:
        context.set_response_header(index, FILENAME_HEADER, format_disposition(answer.filename))
    if FRAME_NAME.fullmatch(answer.frame):
        context.set_response_header(index, FRAME_HEADER, answer.frame)


def load_calibration(directory: Path, settings: Settings) -> CalibrationSet:
    """The calibration of an archive.

    Parameters
    ----------
    directory : Path
        The unpacked archive.
    settings : Settings

    Returns
    -------
    CalibrationSet
    """
    return load_calibration_set(directory / settings.calibration if settings.calibration else None)


@lru_cache(maxsize=1)
def warm_up_frame() -> Frame:
    """The simulated frame that a worker restores before it is ready; made once, for processes that are forked too.

    Returns
    -------
    Frame
    """
    return simulate(0, missing=1).frame


def _model_path(directory: Path, settings: Settings) -> Path:
    return directory / {"onnxruntime": "corinpaint.onnx", "torchscript": "corinpaint.pt"}[settings.engine]
