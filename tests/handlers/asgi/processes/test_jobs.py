"""Limits of the pool: those of TorchServe's configuration."""

from __future__ import annotations

import re

import yaml

from corinpaint.handlers.asgi.processes.jobs import Limits
from corinpaint.lasco.files import package_data


def test_limits_are_those_of_torchserve_by_default():
    config = package_data("corinpaint.serve_config", "config.properties").read_text()
    model = yaml.safe_load(package_data("corinpaint.serve_config", "model-config.yaml").read_text())
    limits = Limits()
    assert limits.waiting == int(re.search(r"(?m)^job_queue_size=(\d+)$", config)[1])
    assert (limits.workers, limits.response_seconds) == (model["minWorkers"], model["responseTimeout"])
    assert limits.startup_seconds == model["startupTimeout"]
