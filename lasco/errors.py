"""The errors of CorInpaint: one small hierarchy, each with a code that the endpoint and the command line share.

A message names the file, the keyword where there is one, and the remedy: ``FILE: what is wrong; remedy``.
"""

from __future__ import annotations


class CorInpaintError(Exception):
    """Base of every error that CorInpaint raises on purpose.

    Attributes
    ----------
    code : str
        Short identifier, stable across releases, for programs.
    status : int
        HTTP status that the endpoint answers with.
    """

    code = "error"
    status = 500

    @property
    def what(self) -> str:
        """What is wrong: the message without its remedy."""
        text = str(self)
        return text.rpartition("; ")[0] or text

    @property
    def remedy(self) -> str:
        """What to do about it: the message from its last semicolon on; empty where it has none."""
        what, _, remedy = str(self).rpartition("; ")
        return remedy if what else ""


class FrameError(CorInpaintError):
    """The input frame cannot be used."""

    code = "bad_frame"
    status = 400


class NotFitsError(FrameError):
    code = "not_fits"
    status = 415


class TruncatedError(FrameError):
    code = "truncated"


class NoImageError(FrameError):
    code = "no_image"


class TooLargeError(FrameError):
    code = "too_large"
    status = 413


class WrongInstrumentError(FrameError):
    code = "wrong_instrument"
    status = 422


class MissingKeywordError(FrameError):
    code = "missing_keyword"
    status = 422


class BadKeywordError(FrameError):
    code = "bad_keyword"
    status = 422


class WrongShapeError(FrameError):
    code = "wrong_shape"
    status = 422


class WrongTypeError(FrameError):
    code = "wrong_type"
    status = 422


class NotFiniteError(FrameError):
    code = "not_finite"
    status = 422


class WrongLevelError(FrameError):
    code = "wrong_level"
    status = 422


class UnsupportedFrameError(FrameError):
    """A real LASCO frame of a kind that this version does not calibrate."""

    code = "unsupported_frame"
    status = 422


class OptionError(CorInpaintError):
    """A request or an argument asks for something that does not exist."""

    code = "bad_option"
    status = 400


class CalibrationError(CorInpaintError):
    """A calibration file is missing or damaged."""

    code = "calibration"


class FetchError(CalibrationError):
    """A calibration file cannot be had from its server."""

    code = "fetch"


class CheckpointError(CorInpaintError):
    """A checkpoint or an exported model is missing, damaged or does not match."""

    code = "checkpoint"


class ExportError(CorInpaintError):
    """An exported model does not give what its checkpoint gives."""

    code = "export"


class TrainingError(CorInpaintError):
    """A training run cannot start or go on."""

    code = "training"


class OutputError(CorInpaintError):
    """A product cannot be written."""

    code = "output"
