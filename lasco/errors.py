"""The errors of CorInpaint: one small tree, each with a code that the endpoint and the command line share."""

from __future__ import annotations


class CorInpaintError(Exception):
    """Base of every error that CorInpaint raises on purpose.

    Parameters
    ----------
    what : str
        What is wrong: the file, the keyword where there is one, and the fault.
    remedy : str
        What to do about it; empty where nothing helps.

    Attributes
    ----------
    what, remedy : str
        As given; the text of the error is both, parted by a semicolon.
    code : str
        Short identifier, stable across releases, for programs.
    """

    code = "error"

    def __init__(self, what: str, remedy: str = "") -> None:
        super().__init__(what, remedy)
        self.what, self.remedy = what, remedy

    def __str__(self) -> str:
        return f"{self.what}; {self.remedy}" if self.remedy else self.what


class FrameError(CorInpaintError):
    """The input frame cannot be used."""

    code = "bad_frame"


class NotFitsError(FrameError):
    """The input is no FITS file."""

    code = "not_fits"


class TruncatedError(FrameError):
    """The file ends before its image does."""

    code = "truncated"


class NoImageError(FrameError):
    """The file holds no image, or one of nothing but zeros."""

    code = "no_image"


class TooLargeError(FrameError):
    """The file, its header or its image is larger than that of any frame."""

    code = "too_large"


class WrongInstrumentError(FrameError):
    """The frame is of another instrument or telescope."""

    code = "wrong_instrument"


class MissingKeywordError(FrameError):
    """The header lacks a keyword that the calibration needs."""

    code = "missing_keyword"


class BadKeywordError(FrameError):
    """A keyword of the header holds a value that cannot be."""

    code = "bad_keyword"


class WrongShapeError(FrameError):
    """The image has another shape than the header says, or than is needed."""

    code = "wrong_shape"


class WrongTypeError(FrameError):
    """The image is of another type than counts have."""

    code = "wrong_type"


class NotFiniteError(FrameError):
    """The image holds values that are not finite."""

    code = "not_finite"


class WrongLevelError(FrameError):
    """The file is of another level than is needed."""

    code = "wrong_level"


class UnsupportedFrameError(FrameError):
    """A real LASCO frame of a kind that this version does not calibrate."""

    code = "unsupported_frame"


class OptionError(CorInpaintError):
    """A request or an argument asks for something that does not exist."""

    code = "bad_option"


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


class NoFrameError(CorInpaintError):
    """An input has no frame."""

    code = "no_frame"
