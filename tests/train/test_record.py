"""Records of the data and of the run, which a checkpoint holds."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import torch

from corinpaint.train.config import TrainConfig
from corinpaint.train.equalised.scenes import Scene
from corinpaint.train.record import data_record, training_record

BLANK = np.zeros((1, 1), np.float32)
REAL = Scene(BLANK, BLANK > 0, (0.0, 0.0), "/data/of/somebody/32082037.fts.gz", "2002-01-08", "real", "a" * 64)
MADE = Scene(BLANK, BLANK > 0, (0.0, 0.0), "32000007.fts", "32000007", "simulated", "b" * 64)


def test_the_data_are_named_by_file_hash_and_day_without_their_folders():
    found = data_record([REAL, MADE], [], TrainConfig(Path("run"), simulated=1, simulated_seed=7))
    assert found["training"][0] == {"name": "32082037.fts.gz", "kind": "real", "sha256": "a" * 64, "day": "2002-01-08"}
    assert (found["simulated"], found["simulated_seed"], found["validation"]) == (1, 7, [])


def test_the_run_is_recorded_in_plain_values_that_name_no_folder():
    config = TrainConfig(
        Path("/home/somebody/run"), data_dir=Path("/home/somebody/data"), preset="first", weights={"lambda_1": 0.5}
    )
    found = training_record(config, {"steps": 3, "samples": 24}, torch.device("cpu"))
    text = json.dumps(found)
    assert "somebody" not in text
    assert found["steps"] == 3
    assert found["loss_weights"]["lambda_1"] == 0.5
    assert (found["settings"]["crop"], found["settings"]["batch"]) == (256, 8)
    assert "cores" in found["hardware"]
    assert found["revision"] is None or len(found["revision"]) == 40
