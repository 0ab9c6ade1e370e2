"""The configuration of networks for log-polar windows, as JSON."""

import json

import pytest

from corinpaint.lasco.errors import CheckpointError
from corinpaint.model.log_polar_config import EXTRAS, INPUTS, LogPolarConfig
from corinpaint.model.unet import UNetConfig

UNET = UNetConfig(base=4, depth=2, max_width=8, bottom=1, residual=1, inputs=INPUTS, extras=EXTRAS, outputs=2)


def test_a_configuration_is_read_back_from_json():
    config = LogPolarConfig(layers=2, unet=UNET, growth=3)

    assert LogPolarConfig.from_dict(json.loads(json.dumps(config.as_dict()))) == config


@pytest.mark.parametrize("values", [{}, {"unet": {"colour": 1}, "pyramid": {}}, {"unet": {}, "pyramid": {}, "x": 1}])
def test_values_that_do_not_describe_a_network_are_refused(values):
    with pytest.raises(CheckpointError, match="not an architecture"):
        LogPolarConfig.from_dict(values)
