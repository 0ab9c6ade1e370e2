"""The response of the pixels that scenes are divided by, measured in the frames of all days but their own.

A map that holds a frame's own noise would take some of it away, and the network would believe frames to be better than
those that it is going to see.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterable
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.level05.frame import FRAME_SHAPE, Frame
from corinpaint.lasco.nominal import pixel_response
from corinpaint.lasco.nominal.derivation.pixel_response import MIN_DAYS, Measurement, Sample, sample
from corinpaint.lasco.photometry.detector import ObservedFrame

Response = NDArray[np.float32]

logger = logging.getLogger(__name__)


class Responses:
    """Maps of both telescopes; that of the package where there are too few days to measure one.

    Parameters
    ----------
    samples : iterable of Sample
    """

    def __init__(self, samples: Iterable[Sample]) -> None:
        by_telescope: dict[str, list[Sample]] = defaultdict(list)
        for one in samples:
            by_telescope[one.detector].append(one)
        self._measured = {
            detector: Measurement(found)
            for detector, found in by_telescope.items()
            if len({one.day for one in found}) > MIN_DAYS
        }
        self._map = lru_cache(maxsize=4)(self._full)

    def of(self, detector: str, day: str, shape: tuple[int, int]) -> Response:
        """The map for a frame.

        Parameters
        ----------
        detector : str
            'C2' or 'C3'.
        day : str
            Of the frame, YYYY-MM-DD; its samples are left out.
        shape : tuple of int
            Rows and columns of the frame, px.

        Returns
        -------
        ndarray of float32, shape `shape`
            See `corinpaint.lasco.nominal.pixel_response.load`.
        """
        if detector not in self._measured:
            return pixel_response.load(detector, shape)
        return pixel_response.summed(self._map(detector, day), shape)

    def _full(self, detector: str, day: str) -> Response:
        return self._measured[detector].response([day])


def measured_responses(frames: Iterable[Frame], calibrate: Callable[[Frame], ObservedFrame]) -> Responses:
    """Measure the response in the frames at full resolution; those that cannot be calibrated are left out."""
    samples = []
    for frame in frames:
        if frame.data.shape == FRAME_SHAPE:
            try:
                samples.append(sample(calibrate(frame)))
            except CorInpaintError as error:
                logger.info("no sample of the pixel response: %s", error)
    return Responses(samples)
