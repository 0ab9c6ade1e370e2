"""The status that each error is answered with."""

from __future__ import annotations

import pytest

from corinpaint.handlers.errors import NotAcceptableError, status_of
from corinpaint.lasco import errors
from corinpaint.restore.context import ContextError


@pytest.mark.parametrize(
    ("error", "status"),
    [
        (errors.FrameError, 400),
        (errors.TruncatedError, 400),
        (errors.NotFitsError, 415),
        (errors.TooLargeError, 413),
        (errors.BadKeywordError, 422),
        (errors.UnsupportedFrameError, 422),
        (errors.OptionError, 400),
        (ContextError, 422),
        (NotAcceptableError, 406),
    ],
)
def test_an_error_that_the_request_caused_has_its_own_status(error, status):
    assert status_of(error("32082037.fts: odd", "send another")) == status


@pytest.mark.parametrize("error", [errors.CalibrationError, errors.CheckpointError, errors.OutputError])
def test_an_error_of_the_server_has_status_500(error):
    assert status_of(error("calibration: damaged", "fetch it again")) == 500


def test_a_new_error_has_the_status_of_the_error_that_it_derives_from():
    class OddHeaderError(errors.BadKeywordError):
        """A keyword of tomorrow."""

    assert status_of(OddHeaderError("x")) == 422
