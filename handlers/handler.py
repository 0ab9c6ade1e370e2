"""The TorchServe handler: every item of a batch is restored by itself and answered by itself.

Over gRPC TorchServe passes on neither headers nor a status: options are input keys, and an error is the prediction,
JSON with ``code`` and ``status``. (Its own way, an exception, would fail the other items of the batch too.)
"""

from __future__ import annotations

import logging
from http import HTTPStatus
from pathlib import Path
from typing import Any

from corinpaint.handlers import wire
from corinpaint.handlers.settings import Settings, read_settings
from corinpaint.lasco.assets import Assets, load_assets
from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.frame import read_frame
from corinpaint.lasco.simulate import simulate
from corinpaint.lasco.version import __version__
from corinpaint.restore import backends
from corinpaint.restore.pipeline import restore

logger = logging.getLogger(__name__)


class CorInpaintHandler:
    """What TorchServe calls: `initialize` once per worker, then `handle` for every batch."""

    inpainter: backends.Inpainter
    assets: Assets

    def initialize(self, context: Any) -> None:
        """Open the network and the calibration, and restore one frame.

        Parameters
        ----------
        context : ts.context.Context
            Its `system_properties["model_dir"]` is the unpacked archive, its `model_yaml_config` model-config.yaml.

        Raises
        ------
        CorInpaintError
            When the archive or its configuration cannot be used; the worker does not get ready then.
        """
        directory = Path(context.system_properties["model_dir"])
        settings = read_settings(context.model_yaml_config)
        self.assets = load_assets(directory / settings.calibration if settings.calibration else None)
        self.inpainter = backends.load(_model(directory, settings), settings.threads)
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
        frame = simulate(0, lost=1).frame
        wire.answer(restore(frame, inpainter=self.inpainter, assets=self.assets), "application/fits")

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
        return [self._respond(index, fields, context) for index, fields in enumerate(data)]

    def _respond(self, index: int, fields: dict[str, Any], context: Any) -> bytes:
        answer = self._answer(fields, context.get_all_request_header(index), context.get_request_id(index))
        context.set_response_status(answer.status, HTTPStatus(answer.status).phrase, index)
        context.set_response_content_type(index, answer.media_type)
        if answer.filename:
            context.set_response_header(index, "Content-Disposition", f'attachment; filename="{answer.filename}"')
        return answer.body

    def _answer(self, fields: dict[str, Any], headers: dict[str, Any], request_id: str | None) -> wire.Answer:
        try:
            request = wire.parse(fields, headers)
            restored = restore(
                read_frame(request.frame),
                fill=request.fill,
                inpainter=self.inpainter,
                assets=self.assets,
                options=request.options,
                context=[read_frame(raw, name=f"context {index}") for index, raw in enumerate(request.context, 1)],
                most_error=request.most_error,
            )
            return wire.answer(restored, request.media_type)
        except CorInpaintError as error:
            logger.warning("request %s: %s: %s", request_id, error.code, error, exc_info=error.status >= 500)
            return wire.refusal(error, request_id)
        except Exception:  # the worker has to outlive whatever a frame can do to it
            logger.exception("request %s failed", request_id)
            return wire.failure(request_id)


def _model(directory: Path, settings: Settings) -> Path:
    return directory / {"onnxruntime": "corinpaint.onnx", "torchscript": "corinpaint.pt"}[settings.engine]
