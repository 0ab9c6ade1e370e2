"""Records of a run."""

import json

import numpy as np
import torch
from PIL import Image

from corinpaint.train.journal import PICTURES, Journal
from corinpaint.train.reports.sheet import STRIP, Labels


def line(step):
    return {"step": step, "validation": {"over_prior": 0.9}, "prior": {"over_prior": 1.0}}


def test_a_validation_leaves_a_line_and_a_sheet(tmp_path):
    journal = Journal(tmp_path / "run", 0)
    journal.log_step(1, {"total": 2.0}, 1e-3)
    journal.log_validation(line(7), torch.tensor([[[0.0, 0.5], [1.0, 2.0]]]))
    journal.close()

    assert json.loads((tmp_path / "run" / "metrics.jsonl").read_text()) == line(7)
    with Image.open(tmp_path / "run" / PICTURES / "0000007.png") as sheet:
        assert np.array_equal(np.asarray(sheet), [[0, 128], [255, 255]])
    assert len(list((tmp_path / "run").glob("events.out.tfevents.*"))) == 1


def test_a_journal_that_continues_drops_what_came_after(tmp_path):
    first = Journal(tmp_path, 0)
    for step in (2, 4):
        first.log_validation(line(step), torch.zeros(1, 2, 2))
    first.close()

    Journal(tmp_path, 3).close()

    assert [json.loads(text)["step"] for text in (tmp_path / "metrics.jsonl").read_text().splitlines()] == [2]


def test_pictures_are_labelled_where_it_is_known_what_they_show(tmp_path):
    journal = Journal(tmp_path, 0)
    journal.log_validation(line(7), torch.zeros(1, 40, 200), Labels(("truth", "fill"), ("one",)))
    journal.close()

    with Image.open(tmp_path / PICTURES / "0000007.png") as sheet:
        pixels = np.asarray(sheet)
    assert pixels.shape == (40 + STRIP, 200)
    assert pixels[:STRIP].max() > 200
    assert not pixels[STRIP:].any()


def test_a_minute_without_a_validation_leaves_a_line_too(tmp_path):
    journal = Journal(tmp_path, 0)
    journal.log_minute({"step": 3, "losses": {"total": 1.0}})
    journal.close()

    assert json.loads((tmp_path / "metrics.jsonl").read_text()) == {"step": 3, "losses": {"total": 1.0}}
