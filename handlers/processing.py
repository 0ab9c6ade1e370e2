"""Processing one request, from its fields to its answer; whatever fails, there is an answer."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from corinpaint.handlers import answers, request_parser
from corinpaint.handlers.errors import status_of
from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.file_numbers import number_of
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet
from corinpaint.lasco.version import __version__
from corinpaint.restore.engines.base import Inpainter
from corinpaint.restore.pipeline import Restored, restore
from corinpaint.restore.stages import Stages

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ProcessedRequest:
    """The result of processing a request.

    Attributes
    ----------
    answer : Answer
    outcome : str
        'restored', 'probe', or the code of the error.
    restored : Restored or None
        None when there is no product.
    seconds : mapping of str to float
        Seconds of the stages 'decode', 'calibrate', 'fill', 'finish' and 'encode', up to where it failed.
    """

    answer: answers.Answer
    outcome: str
    restored: Restored | None = None
    seconds: Mapping[str, float] = field(default_factory=dict)


def process_request(
    fields: Mapping[str, Any],
    headers: Mapping[str, Any],
    request_id: str | None,
    inpainter: Inpainter,
    calibration: CalibrationSet,
) -> ProcessedRequest:
    """Answer a request; this never raises an exception.

    Parameters
    ----------
    fields, headers : mapping
        See `corinpaint.handlers.request_parser.parse`.
    request_id : str or None
        Identifies the request in the log and in errors.
    inpainter : Inpainter
    calibration : CalibrationSet

    Returns
    -------
    ProcessedRequest
    """
    stages, number = Stages(), ""
    try:
        if request_parser.is_probe(fields, headers):
            return ProcessedRequest(answers.status(service_status(inpainter, calibration)), "probe")
        request = request_parser.parse(fields, headers)
        number = number_of(request.name)
        frame = read_frame(request.frame, name=request.name or None)
        number = number or frame.number
        context = [read_frame(raw, name=f"context {index}") for index, raw in enumerate(request.context, 1)]
        stages.ended("decode")
        restored = restore(
            replace(frame, number=number),
            fill=request.fill,
            inpainter=inpainter,
            calibration=calibration,
            options=request.options,
            context=context,
            policy=request.policy,
            max_error=request.max_error,
        )
        stages.restarted(restored.seconds)
        answer = answers.product(restored, request.media_type, request.compress)
        stages.ended("encode")
        return ProcessedRequest(answer, "restored", restored, stages.seconds)
    except CorInpaintError as error:
        logger.warning("request %s: %s: %s", request_id, error.code, error, exc_info=status_of(error) >= 500)
        return ProcessedRequest(answers.error(error, request_id, number), error.code, None, stages.seconds)
    except Exception:  # the worker must survive every frame
        logger.exception("request %s failed", request_id)
        return ProcessedRequest(answers.internal_error(request_id, number), "internal", None, stages.seconds)


def service_status(inpainter: Inpainter, calibration: CalibrationSet) -> dict[str, Any]:
    """Version, engine, weights and calibration of the endpoint.

    Parameters
    ----------
    inpainter : Inpainter
    calibration : CalibrationSet

    Returns
    -------
    dict
        For JSON: ``ready``, ``corinpaint``, ``engine``, ``weights``, ``calibration``.
    """
    info = inpainter.info
    return {
        "ready": True,
        "corinpaint": __version__,
        "engine": info.engine,
        "weights": {"sha256": info.sha256, "version": info.version},
        "calibration": calibration.kind,
    }
