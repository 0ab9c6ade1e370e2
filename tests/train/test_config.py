"""The configuration of a run."""

import json

import pytest

from corinpaint.lasco.errors import OptionError, TrainingError
from corinpaint.train.config import LAST, TrainConfig, write_config


def test_own_values_take_the_place_of_the_presets(tmp_path):
    config = TrainConfig(tmp_path, preset="pretrain", batch=2, learning_rate=1e-3, weights={"lambda_1": 0.5})

    found = config.settings()

    assert (found.batch, found.learning_rate, found.clip) == (2, 1e-3, 0.005)
    assert (found.weights.alpha_1, found.weights.lambda_1) == (6, 0.5)


def test_each_design_has_its_own_terms_and_sides(tmp_path):
    log_polar = TrainConfig(tmp_path, preset="log-polar", weights={"interval": 0.2}).settings()

    assert (log_polar.weights.fill, log_polar.weights.interval) == (1.0, 0.2)
    assert (log_polar.crop, TrainConfig(tmp_path, preset="first").settings().crop) == (384, 256)
    with pytest.raises(TrainingError, match="fill, interval"):
        TrainConfig(tmp_path, preset="log-polar", weights={"lambda_1": 0.2}).settings()


@pytest.mark.parametrize(
    "values",
    [
        {"steps": 0},
        {"batch": 0},
        {"crop": -32},
        {"learning_rate": 0.0},
        {"simulated": -1},
        {"schedule": "minutes"},
        {"weights": {"alpha_9": 1.0}},
    ],
)
def test_values_out_of_range_are_refused_by_name(tmp_path, values):
    with pytest.raises(TrainingError, match=next(iter(values))):
        TrainConfig(tmp_path, **values).settings()


def test_an_unknown_preset_is_refused(tmp_path):
    with pytest.raises(OptionError, match="no preset"):
        TrainConfig(tmp_path, preset="best").settings()


def test_the_configuration_is_written_as_plain_values(tmp_path):
    write_config(TrainConfig(tmp_path / "run", data_dir=tmp_path, steps=5), {"revision": "abc"})

    values = json.loads((tmp_path / "run" / "config.json").read_text())
    assert values["revision"] == "abc"
    assert (values["steps"], values["data_dir"], values["max_minutes"]) == (5, str(tmp_path), None)


def test_a_folder_with_a_run_is_not_overwritten(tmp_path):
    write_config(TrainConfig(tmp_path))
    (tmp_path / LAST).touch()

    with pytest.raises(TrainingError, match="already holds a run"):
        write_config(TrainConfig(tmp_path))


def test_a_run_that_was_stopped_before_its_first_checkpoint_can_start_again(tmp_path):
    write_config(TrainConfig(tmp_path))

    write_config(TrainConfig(tmp_path, seed=1))


def test_nothing_to_resume_is_said(tmp_path):
    with pytest.raises(TrainingError, match="no run to resume"):
        write_config(TrainConfig(tmp_path, resume=True))


def test_a_run_is_resumed_with_more_steps_but_not_with_another_seed(tmp_path):
    write_config(TrainConfig(tmp_path, steps=5))
    (tmp_path / LAST).touch()

    write_config(TrainConfig(tmp_path, steps=10, resume=True))
    with pytest.raises(TrainingError, match="another seed"):
        write_config(TrainConfig(tmp_path, seed=1, resume=True))


def test_the_preset_name_of_earlier_versions_becomes_that_of_this_one_with_a_warning(tmp_path):
    with pytest.warns(DeprecationWarning, match="log-polar"):
        config = TrainConfig(tmp_path, preset="straight")

    assert config.preset == "log-polar"


def test_a_run_that_an_earlier_version_started_under_the_old_preset_name_is_resumed(tmp_path):
    write_config(TrainConfig(tmp_path, preset="log-polar"))
    path = tmp_path / "config.json"
    path.write_text(path.read_text().replace('"log-polar"', '"straight"'))
    (tmp_path / LAST).touch()

    write_config(TrainConfig(tmp_path, preset="log-polar", resume=True))

    assert json.loads(path.read_text())["preset"] == "log-polar"
    with pytest.raises(TrainingError, match="another preset"):
        write_config(TrainConfig(tmp_path, preset="first", resume=True))
