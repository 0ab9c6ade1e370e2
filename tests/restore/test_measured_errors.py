"""Which method fills a zone when the choice is left to what was measured."""

from __future__ import annotations

import json

import numpy as np
import pytest
from level05 import smooth_counts

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.model.metadata import default_checkpoint, read_info
from corinpaint.restore import measured_errors, pipeline
from corinpaint.restore.methods import registry


@pytest.fixture
def measured(monkeypatch, tmp_path):
    """Replace the table: `measured({"C3": ...})`."""

    def written(errors: dict, weights: str = "0" * 64) -> None:
        path = tmp_path / "measured.json"
        totals = {kind: _same({"network": 0.2}) for kind in errors}
        path.write_text(json.dumps({"errors": errors, "totals": totals, "weights": weights}))
        monkeypatch.setattr(measured_errors, "MEASURED", path)
        measured_errors._table.cache_clear()

    yield written
    measured_errors._table.cache_clear()


def _same(errors: dict) -> dict:
    return dict.fromkeys((name for name, _ in measured_errors.SIZES), errors)


def test_the_least_measured_error_comes_first_and_context_joins_where_it_is_at_hand(measured, make_frame):
    measured({"C3": {"alone": _same({"network": 1.1, "radial": 1.0}), "context": _same({"temporal": 0.9})}})
    frame = read_frame(make_frame())
    assert measured_errors.ranked(frame, 1, with_context=False) == ("radial", "network")
    assert measured_errors.ranked(frame, 1, with_context=True) == ("temporal", "radial", "network")


@pytest.mark.parametrize(("count", "first"), [(1, "a"), (2, "b"), (4, "b"), (6, "c"), (16, "d")])
def test_a_zone_counts_as_the_next_larger_size_that_was_measured(measured, make_frame, count, first):
    best = zip(("1", "2x2", "3x3", "4x4"), "abcd", strict=True)
    measured({"C3": {"alone": {size: {name: 1.0, "z": 2.0} for size, name in best}}})
    assert measured_errors.ranked(read_frame(make_frame()), count, with_context=False)[0] == first


def test_summed_frames_have_a_table_of_their_own(make_frame):
    counts = np.full((512, 512), 3000, np.int16)
    frame = read_frame(make_frame(counts, LEBXSUM=2, LEBYSUM=2, DETECTOR="C2", FILTER="Orange"))
    assert measured_errors.kind(frame) == "summed"
    assert measured_errors.kind(read_frame(make_frame())) == "C3"


def test_the_shipped_table_knows_every_kind_and_size_and_needs_no_extra():
    table = json.loads(measured_errors.MEASURED.read_text())
    known = {"network", *registry.METHODS} - set(registry.OPTIONAL)
    assert set(table["errors"]) == {"C2", "C3", "summed"}
    assert len(table["weights"]) == 64
    for entry in table["errors"].values():
        assert list(entry["alone"]) == [name for name, _ in measured_errors.SIZES]
        for errors in (*entry["alone"].values(), *entry.get("context", {}).values()):
            assert set(errors) <= known
            assert all(0.3 < error < 30 for error in errors.values())
    assert set(table["totals"]) == set(table["errors"])
    small, large = ([name for name, _ in sizes] for sizes in (measured_errors.SIZES, measured_errors.LARGER))
    for entry in (*table["totals"].values(), *table["totals_context"].values()):
        assert list(entry) in (small, small + large)
        for size, factors in entry.items():
            assert set(factors) == {"network"} or set(factors) >= {"network", "polynomial", "radial"}
            assert all(0.01 < factor < 3 for factor in factors.values()), size
    for part in (*table["scales"]["C2"].values(), *table["scales"]["summed"].values()):
        assert list(part) in (small, large)
        assert all(0.3 < factor < 2 and 0.3 <= power <= 1 for factor, power in part.values())


def test_the_error_of_a_sum_is_measured_by_kind_and_size(make_frame):
    frame = read_frame(make_frame())
    table = json.loads(measured_errors.MEASURED.read_text())["totals"]["C3"]
    assert measured_errors.total_factors(frame, 1, with_context=False) == table["1"]
    assert measured_errors.total_factors(frame, 5, with_context=True) == table["3x3"]


def test_every_zone_is_filled_by_its_own_best_method_and_the_product_says_which(measured, make_frame, echo):
    measured({"C3": {"alone": {**_same({"network": 1.0, "harmonic": 2.0}), "1": {"harmonic": 1.0, "network": 2.0}}}})
    frame = read_frame(make_frame(missing=((20, 20), (8, 12), (8, 13))))
    restored = pipeline.restore(frame, fill="auto", inpainter=echo)
    assert [v.method for v in restored.zones] == ["network", "harmonic"]
    history = str(restored.level1.header["HISTORY"])
    assert "2 missing blocks: filled by network" in history
    assert "1 missing blocks: filled by harmonic" in history
    assert restored.level1.header["FILL"] == "auto"
    assert restored.level1.header["WEIGHTS"] == echo.info.sha256


def test_where_the_best_finds_nothing_the_next_fills(measured, make_frame, echo):
    measured({"C3": {"alone": _same({"network": 2.0, "harmonic": 1.0})}})

    def blind(problem):
        return np.full(problem.image.shape, np.nan, np.float32)

    frame = read_frame(make_frame(missing=((20, 20),)))
    methods = {**registry.METHODS, "harmonic": lambda: blind}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(registry, "METHODS", methods)
        restored = pipeline.restore(frame, fill="auto", inpainter=echo)
    assert [v.method for v in restored.zones] == ["network"]
    assert restored.filled.sum() == 1


def test_without_the_network_among_the_chosen_none_is_opened(measured, make_frame, echo):
    measured({"C3": {"alone": _same({"network": 2.0, "harmonic": 1.0})}})
    restored = pipeline.restore(read_frame(make_frame(missing=((20, 20),))), fill="auto", inpainter=echo)
    assert echo.calls == 0
    assert restored.model is None


def test_the_scale_of_the_network_is_corrected_where_that_was_measured(monkeypatch, make_frame):
    scales = {"C3": {"alone": {"4x4": [1.1, 0.9], "run32": [0.9, 1.0]}, "context": {"run64": [0.7, 0.8]}}}
    monkeypatch.setattr(measured_errors, "_table", lambda: {"scales": scales})
    frame, none = read_frame(make_frame()), measured_errors.ScaleCorrection()
    found = {
        count: tuple(measured_errors.scale_correction(frame, count, with_context=given) for given in (False, True))
        for count in (1, 16, 17, 33, 200)
    }
    assert found == {
        1: (none, none),
        16: ((1.1, 0.9), none),
        17: ((0.9, 1.0), None),
        33: (None, (0.7, 0.8)),
        200: (None, None),
    }


def test_the_sum_of_a_fill_from_context_has_an_error_of_its_own_where_that_was_measured(monkeypatch, make_frame):
    table = {
        "totals": {"C3": {"1": {"network": 0.3, "radial": 0.4}, "run32": {"network": 0.5}}},
        "totals_context": {"C3": {"1": {"network": 0.1}}},
    }
    monkeypatch.setattr(measured_errors, "_table", lambda: table)
    frame = read_frame(make_frame())
    factors = measured_errors.total_factors
    assert factors(frame, 1, with_context=True) == {"network": 0.1, "radial": 0.4}
    assert factors(frame, 1, with_context=False) == {"network": 0.3, "radial": 0.4}
    assert factors(frame, 20, with_context=True) == {"network": 0.5}
    assert factors(frame, 40, with_context=True) == {}


@pytest.mark.slow
def test_auto_takes_context_where_it_is_measured_better(measured, make_frame):
    better = {"temporal": 0.9, "network": 1.0}
    weights = read_info(default_checkpoint()).sha256
    measured({"C2": {"alone": _same({"network": 1.1, "radial": 1.2}), "context": _same(better)}}, weights)
    counts = np.maximum(smooth_counts(), 700)  # C2 sends the corners
    c2 = {"DETECTOR": "C2", "FILTER": "Orange"}
    frame = read_frame(make_frame(counts, missing=((20, 20),), **c2))
    earlier = read_frame(make_frame(counts, TIME_OBS="02:06:05.594", **c2))
    restored = pipeline.restore(frame, fill="auto", context=[earlier])
    assert [v.method for v in restored.zones] == ["temporal"]


def test_zones_that_nothing_was_measured_to_fill_well_enough_are_refused_and_no_others(measured, make_frame, echo):
    large = {"network": 1.6, "harmonic": 1.9}
    measured({"C3": {"alone": {**_same({"network": 1.1, "harmonic": 1.2}), "2x2": large}}})
    frame = read_frame(make_frame(missing=((20, 20), (8, 12), (8, 13))))
    restored = pipeline.restore(frame, fill="auto", inpainter=echo, max_error=1.5)
    pair, single = restored.zones
    assert (single.refused, single.method, single.error) == ("", "network", 1.1)
    assert pair.refused == "filling 2 blocks by network has an error of 1.60 x noise, more than 1.5"
    assert (pair.method, pair.error) == ("", None)
    history = str(restored.level1.header["HISTORY"])
    assert "filled by network, measured error 1.10 x noise" in " ".join(history.split())
    assert all(not v.refused for v in pipeline.restore(frame, fill="auto", inpainter=echo).zones)


def test_a_limit_of_the_error_passes_over_worse_methods_and_holds_for_the_one_asked_for(measured, make_frame, echo):
    measured({"C3": {"alone": _same({"network": 1.4, "harmonic": 1.2})}})
    frame = read_frame(make_frame(missing=((20, 20),)))
    assert [v.method for v in pipeline.restore(frame, fill="harmonic", max_error=1.3).zones] == ["harmonic"]
    refused = pipeline.restore(frame, fill="network", inpainter=echo, max_error=1.3).zones[0].refused
    assert "1.40" in refused
    assert echo.calls == 0


def test_what_was_never_measured_is_not_taken_for_good_enough(measured, make_frame, echo):
    frame = read_frame(make_frame(missing=((20, 20),)))
    measured({"C3": {"alone": _same({"network": 1.0, "harmonic": 1.2})}}, weights="1" * 64)
    other_weights = pipeline.restore(frame, fill="network", inpainter=echo, max_error=1.3).zones[0]
    assert "was not measured" in other_weights.refused
    polynomial = pipeline.restore(frame, fill="polynomial", max_error=1.3).zones[0]
    assert "was not measured" in polynomial.refused
    filled = pipeline.restore(frame, fill="network", inpainter=echo).zones[0]
    assert (filled.method, filled.error) == ("network", None)


@pytest.mark.parametrize("limit", [0, -1.0, float("nan")])
def test_a_limit_that_is_none_is_an_error(make_frame, limit):
    with pytest.raises(OptionError, match="max_error"):
        pipeline.restore(read_frame(make_frame()), max_error=limit)


def test_the_table_is_about_the_shipped_weights():
    assert measured_errors.weights() == read_info(default_checkpoint()).sha256


def test_the_default_network_counts_as_measured_only_with_the_weights_of_the_table(measured, make_frame):
    measured({"C3": {"alone": _same({"network": 1.0})}}, weights="1" * 64)
    frame = read_frame(make_frame(missing=((20, 20),)))
    assert "was not measured" in pipeline.restore(frame, max_error=1.5).zones[0].refused


@pytest.mark.slow
def test_context_counts_for_the_zones_that_it_shows(measured, make_frame, log_polar_echo):
    network = log_polar_echo
    both = {"alone": _same({"network": 1.6}), "context": _same({"network": 1.2})}
    measured({"C2": both}, weights=network.info.sha256)
    counts = np.maximum(smooth_counts(), 700)
    c2 = {"DETECTOR": "C2", "FILTER": "Orange"}
    frame = read_frame(make_frame(counts, missing=((20, 20), (8, 12)), **c2))
    earlier = read_frame(make_frame(counts, missing=((8, 12),), TIME_OBS="02:06:05.594", **c2))
    for fill in ("network", "auto"):
        hidden, shown = pipeline.restore(frame, fill=fill, context=[earlier], inpainter=network, max_error=1.3).zones
        assert (shown.refused, shown.error) == ("", 1.2)
        assert "1.60" in hidden.refused


def test_auto_gives_no_context_to_a_network_that_takes_none(measured, make_frame, echo):
    measured({"C2": {"alone": _same({"network": 1.0}), "context": _same({"network": 0.8})}})
    counts = np.maximum(smooth_counts(), 700)
    c2 = {"DETECTOR": "C2", "FILTER": "Orange"}
    frame = read_frame(make_frame(counts, missing=((20, 20),), **c2))
    earlier = read_frame(make_frame(counts, TIME_OBS="02:06:05.594", **c2))
    restored = pipeline.restore(frame, fill="auto", context=[earlier], inpainter=echo)
    assert [v.method for v in restored.zones] == ["network"]
    complete = read_frame(make_frame(counts, **c2))
    for any_frame in (frame, complete):
        with pytest.raises(OptionError, match="takes no context"):
            pipeline.restore(any_frame, fill="network", context=[earlier], inpainter=echo)


def test_the_network_takes_context_for_the_sizes_that_gain_by_it(measured, make_frame, log_polar_echo):
    context = {**_same({"network": 1.2}), "2x2": {"network": 0.8}}
    measured({"C2": {"alone": _same({"network": 1.0}), "context": context}}, weights=log_polar_echo.info.sha256)
    counts = np.maximum(smooth_counts(), 700)
    c2 = {"DETECTOR": "C2", "FILTER": "Orange"}
    frame = read_frame(make_frame(counts, missing=((20, 20), (8, 12), (8, 13)), **c2))
    earlier = read_frame(make_frame(counts, TIME_OBS="02:06:05.594", **c2))
    seen, fill = [], log_polar_echo.fill
    log_polar_echo.fill = lambda image, mask, place: seen.append(mask[:, 1].any()) or fill(image, mask, place)
    restored = pipeline.restore(frame, context=[earlier], inpainter=log_polar_echo)
    assert seen == [True, False]
    assert [(v.method, v.error) for v in restored.zones] == [("network", 0.8), ("network", 1.0)]
    observed = restored.level1.mask == 0
    without = pipeline.restore(frame, fill="none").level1
    assert np.array_equal(restored.level1.data[observed], without.data[observed])


def test_the_old_name_of_the_limit_works_with_a_warning(make_frame, echo):
    frame = read_frame(make_frame(missing=((20, 20),)))
    with pytest.warns(DeprecationWarning, match="max_error"):
        restored = pipeline.restore(frame, inpainter=echo, most_error=0.1)
    assert [record.refused for record in restored.zones] == [
        record.refused for record in pipeline.restore(frame, inpainter=echo, max_error=0.1).zones
    ]
    assert restored.zones[0].refused


def test_a_limit_holds_for_what_the_network_predicts_of_its_fill_too(measured, make_frame, log_polar_echo):
    measured({"C3": {"alone": _same({"network": 1.1})}}, weights=log_polar_echo.info.sha256)
    frame, fill = read_frame(make_frame(missing=((20, 20),))), log_polar_echo.fill
    log_polar_echo.fill = lambda *given: fill(*given)._replace(scale=np.full_like(given[1][:, :1], 2))
    assert not pipeline.restore(frame, inpainter=log_polar_echo).zones[0].refused
    refused = pipeline.restore(frame, inpainter=log_polar_echo, max_error=1.5).zones[0].refused
    assert refused.startswith("a predicted error of 2")


def test_larger_zones_than_were_measured_have_no_measured_error(make_frame):
    frame = read_frame(make_frame())
    assert measured_errors.measured(frame, 16, with_context=False)
    assert measured_errors.measured(frame, 17, with_context=True) == {}
    assert measured_errors.total_factors(frame, 17, with_context=False) == {}
    assert measured_errors.ranked(frame, 17, with_context=False) == ()
    assert measured_errors.context_helps(frame, 17)
