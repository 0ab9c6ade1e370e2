"""The section of model-config.yaml: defaults, values, and what means nothing."""

from __future__ import annotations

import pytest

from corinpaint.handlers.settings import Settings, read_settings
from corinpaint.lasco.errors import OptionError


def test_settings_have_defaults():
    assert read_settings(None) == read_settings({"minWorkers": 1}) == read_settings({"corinpaint": None}) == Settings()


def test_settings_that_are_given_replace_the_defaults():
    section = {"engine": "torchscript", "threads": 2, "spin": True, "parallel": 3, "calibration": "calibration"}
    assert read_settings({"corinpaint": section}) == Settings("torchscript", "cpu", 2, True, 3, "calibration")


@pytest.mark.parametrize(
    "section",
    [
        {"engine": "tensorrt"},
        {"threads": -1},
        {"threads": True},
        {"threads": "2"},
        {"parallel": -1},
        {"spin": 1},
        {"parallel": 1000},
        {"provider": "gpu"},
        {"calibration": 3},
        {"cores": 1},
        "x",
    ],
)
def test_invalid_settings_are_refused(section):
    with pytest.raises(OptionError, match="model-config"):
        read_settings({"corinpaint": section})
