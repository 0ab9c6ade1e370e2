"""The process that workers are forked from; tests/test_serving_asgi.py has it fork them."""

from __future__ import annotations

import sys

import pytest

from corinpaint.handlers import handler
from corinpaint.handlers.asgi.processes import template
from corinpaint.lasco.errors import CorInpaintError


@pytest.mark.parametrize(
    ("status", "cause"),
    [(0, "exit status 0"), (3, "exit status 3"), (-9, "SIGKILL"), (-11, "SIGSEGV"), (-200, "signal 200")],
)
def test_what_ended_a_process_is_said_in_words(status, cause):
    assert template.cause_of(status) == cause


@pytest.mark.slow
def test_preparing_makes_what_workers_share_once(tmp_path):
    template.prepare(tmp_path, {"corinpaint": {"engine": "onnxruntime"}})
    assert handler.warm_up_frame() is handler.warm_up_frame()
    assert "onnxruntime" in sys.modules


def test_a_wrong_configuration_is_named(tmp_path):
    with pytest.raises(CorInpaintError, match=r"model-config\.yaml"):
        template.prepare(tmp_path, {"corinpaint": {"engine": "none"}})
