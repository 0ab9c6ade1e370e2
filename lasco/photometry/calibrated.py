"""Frames calibrated on the detector grid that are kept for a while: neighbours serve each other as context."""

from __future__ import annotations

from collections import OrderedDict

from corinpaint.lasco.level05.frame import Frame
from corinpaint.lasco.options import DEFAULT, Options
from corinpaint.lasco.photometry.detector import ObservedFrame, calibrate_on_detector
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet

Key = tuple[str, CalibrationSet, Options]


class CalibratedFrames:
    """Calibrates frames, and keeps those that were asked for last.

    Parameters
    ----------
    kept : int
        Number of frames that are kept.
    """

    def __init__(self, kept: int) -> None:
        self._size = kept
        self._kept: OrderedDict[Key, ObservedFrame] = OrderedDict()

    def get(self, frame: Frame, calibration: CalibrationSet, options: Options = DEFAULT) -> ObservedFrame:
        """A frame, calibrated; errors as of `corinpaint.lasco.photometry.detector.calibrate_on_detector`.

        Frames that come from no file have no hash, and are calibrated anew each time.
        """
        key = (frame.sha256, calibration, options)
        found = self._kept.pop(key, None) or calibrate_on_detector(frame, calibration, options)
        if frame.sha256:
            self._kept[key] = found
            while len(self._kept) > self._size:
                self._kept.popitem(last=False)
        return found
