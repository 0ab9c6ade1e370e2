"""Which method fills a zone when the choice is left to what was measured."""

from __future__ import annotations

import json

import numpy as np
import pytest
from level05 import smooth_counts

from corinpaint.lasco.frame import read_frame
from corinpaint.restore import choice, fills, pipeline


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """Replace the table: `measured({"C3": ...})`."""

    def written(errors: dict) -> None:
        path = tmp_path / "measured.json"
        path.write_text(json.dumps({"errors": errors}))
        monkeypatch.setattr(choice, "MEASURED", path)
        choice._table.cache_clear()

    yield written
    choice._table.cache_clear()


def _same(errors: dict) -> dict:
    return dict.fromkeys((name for name, _ in choice.SIZES), errors)


def test_the_least_measured_error_comes_first_and_context_joins_where_it_is_at_hand(measured, make_frame):
    measured({"C3": {"alone": _same({"network": 1.1, "radial": 1.0}), "context": _same({"temporal": 0.9})}})
    frame = read_frame(make_frame())
    assert choice.ranked(frame, 1, with_context=False) == ("radial", "network")
    assert choice.ranked(frame, 1, with_context=True) == ("temporal", "radial", "network")


@pytest.mark.parametrize(("count", "first"), [(1, "a"), (2, "b"), (4, "b"), (6, "c"), (16, "d"), (40, "d")])
def test_a_zone_counts_as_the_next_larger_size_that_was_measured(measured, make_frame, count, first):
    best = zip(("1", "2x2", "3x3", "4x4"), "abcd", strict=True)
    measured({"C3": {"alone": {size: {name: 1.0, "z": 2.0} for size, name in best}}})
    assert choice.ranked(read_frame(make_frame()), count, with_context=False)[0] == first


def test_summed_frames_have_a_table_of_their_own(make_frame):
    counts = np.full((512, 512), 3000, np.int16)
    frame = read_frame(make_frame(counts, LEBXSUM=2, LEBYSUM=2, DETECTOR="C2", FILTER="Orange"))
    assert choice.kind(frame) == "summed"
    assert choice.kind(read_frame(make_frame())) == "C3"


def test_the_shipped_table_knows_every_kind_and_size_and_needs_no_extra():
    table = json.loads(choice.MEASURED.read_text())
    known = {"network", *fills.METHODS} - set(fills.OPTIONAL)
    assert set(table["errors"]) == {"C2", "C3", "summed"}
    assert len(table["weights"]) == 64
    for entry in table["errors"].values():
        assert list(entry["alone"]) == [name for name, _ in choice.SIZES]
        for errors in (*entry["alone"].values(), *entry.get("context", {}).values()):
            assert set(errors) <= known
            assert all(0.3 < error < 20 for error in errors.values())


def test_every_zone_is_filled_by_its_own_best_method_and_the_product_says_which(measured, make_frame, echo):
    measured({"C3": {"alone": {**_same({"network": 1.0, "harmonic": 2.0}), "1": {"harmonic": 1.0, "network": 2.0}}}})
    frame = read_frame(make_frame(lost=((20, 20), (8, 12), (8, 13))))
    restored = pipeline.restore(frame, fill="auto", inpainter=echo)
    assert [v.method for v in restored.verdicts] == ["network", "harmonic"]
    history = str(restored.level1.header["HISTORY"])
    assert "2 missing blocks: filled by network" in history
    assert "1 missing blocks: filled by harmonic" in history
    assert restored.level1.header["FILL"] == "auto"
    assert restored.level1.header["WEIGHTS"] == echo.info.sha256


def test_where_the_best_finds_nothing_the_next_fills(measured, make_frame, echo):
    measured({"C3": {"alone": _same({"network": 2.0, "harmonic": 1.0})}})

    def blind(problem):
        return np.full(problem.image.shape, np.nan, np.float32)

    frame = read_frame(make_frame(lost=((20, 20),)))
    methods = {**fills.METHODS, "harmonic": lambda: blind}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(fills, "METHODS", methods)
        restored = pipeline.restore(frame, fill="auto", inpainter=echo)
    assert [v.method for v in restored.verdicts] == ["network"]
    assert restored.filled.sum() == 1


def test_without_the_network_among_the_chosen_none_is_opened(measured, make_frame, echo):
    measured({"C3": {"alone": _same({"network": 2.0, "harmonic": 1.0})}})
    restored = pipeline.restore(read_frame(make_frame(lost=((20, 20),))), fill="auto", inpainter=echo)
    assert echo.calls == 0
    assert restored.model is None


def test_auto_takes_context_where_it_is_measured_better(make_frame):
    counts = np.maximum(smooth_counts(), 400)  # C2 sends the corners
    c2 = {"DETECTOR": "C2", "FILTER": "Orange"}
    frame = read_frame(make_frame(counts, lost=((20, 20),), **c2))
    earlier = read_frame(make_frame(counts, TIME_OBS="02:06:05.594", **c2))
    restored = pipeline.restore(frame, fill="auto", context=[earlier])
    assert [v.method for v in restored.verdicts] == ["temporal"]
