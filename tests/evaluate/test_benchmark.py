"""The benchmark: its holes, its domains, and that better methods have lower errors."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from official_tree import save_file, tree

from corinpaint.evaluate import benchmark, scores
from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.geometry.pointing import determine_pointing, sun_centre_on_detector
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.reference_files import catalogue
from corinpaint.lasco.simulation.scene import simulate, write

pytestmark = pytest.mark.slow

PLAN = benchmark.Plan(sizes=("1", "2x2"), holes=3, seed=5)


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    path = tmp_path_factory.mktemp("frames")
    for seed in (1, 2):
        write(simulate(seed, missing=2), path / f"3200000{seed}.fts")
    (path / "33333333.fts").write_text("no FITS")
    return path


def truth_of():
    """A method that knows the noise-free scene."""
    scenes = {f"3200000{seed}": simulate(seed, missing=2).brightness for seed in (1, 2)}

    def fill(around, wanted, _context):
        return _put(around, wanted, scenes[around.frame.number])

    return fill


def _put(around, wanted, image):
    hole = blocks.to_pixels(wanted)
    brightness = np.where(hole, image, around.brightness).astype(np.float32)
    return replace(around, brightness=brightness)


def middling(around, wanted, _context):
    return _put(around, wanted, np.float32(np.median(around.brightness[around.observed])))


@pytest.fixture(scope="module")
def rows(folder):
    messages = []
    found = benchmark.run(
        sorted(folder.iterdir()), {"truth": truth_of(), "median": middling}, PLAN, skipped=messages.append
    )
    assert len(messages) == 1
    assert "33333333.fts" in messages[0]
    return found


def test_there_is_a_row_for_every_method_and_hole(rows):
    keys = {(row["frame"], row["hole"], row["method"]) for row in rows}
    assert len(keys) == len(rows) == 2 * 2 * 2 * 3
    for prefix in ("", "dn_", "equalised_"):
        assert all(np.isfinite(float(row[prefix + name])) for row in rows for name in scores.IN_DOMAIN)


def test_the_noise_free_scene_is_about_as_far_off_as_noise_and_the_median_much_more(rows):
    errors = {
        name: np.median([float(row["error"]) for row in rows if row["method"] == name]) for name in ("truth", "median")
    }
    assert errors["truth"] == pytest.approx(1.05, abs=0.25)
    assert errors["median"] > 5 * errors["truth"]


def test_error_over_noise_is_the_same_in_counts_and_in_brightness(rows):
    """But where the vignetting changes within a hole."""
    for row in rows:
        assert float(row["dn_error"]) == pytest.approx(float(row["error"]), rel=0.1)


def test_the_predicted_error_is_what_the_fill_says_of_itself(folder):
    def sure(around, wanted, context):
        result = middling(around, wanted, context)
        hole = blocks.to_pixels(wanted)
        truth = calibrate_on_detector(read_frame(folder / "32000001.fts"), load_calibration_set()).variance
        return replace(result, variance=np.where(hole, 4 * truth, around.variance))

    (row,) = benchmark.run([folder / "32000001.fts"], {"sure": sure}, benchmark.Plan(("1",), holes=1))
    assert row["predicted"] == pytest.approx(2, rel=1e-3)


def test_the_same_plan_gives_the_same_rows_but_for_the_seconds(rows, folder):
    again = benchmark.run(sorted(folder.glob("3200*")), {"truth": truth_of(), "median": middling}, PLAN)
    for one, other in zip(rows, again, strict=True):
        assert {**one, "seconds": 0} == {**other, "seconds": 0}


def test_holes_lie_on_blocks_that_were_observed_whole(folder):
    calibration = load_calibration_set()
    frame = read_frame(folder / "32000001.fts")
    one = benchmark.make_holes(frame, "2x2", PLAN, calibration)
    assert one is not None
    pixels = blocks.to_pixels(one.wanted)
    assert one.complete.observed[pixels].all()
    assert not one.holed.observed[pixels].any()
    assert np.array_equal(one.holed.missing, one.complete.missing | one.wanted)
    assert np.array_equal(one.complete.brightness, calibrate_on_detector(frame, calibration).brightness)


def test_a_method_that_fills_nothing_gets_no_figures(folder):
    def nothing(around, wanted, _context):
        return _put(around, wanted, np.float32(np.nan))

    rows = benchmark.run([folder / "32000001.fts"], {"nothing": nothing}, PLAN)
    assert rows
    assert all(np.isnan(float(row["error"])) for row in rows)


def test_an_unknown_size_is_refused():
    with pytest.raises(OptionError, match="9x9"):
        benchmark.Plan(sizes=("9x9",))


def test_holes_are_ordered_by_the_error_of_a_method_the_worst_first(rows):
    ranked = benchmark.ranked_holes(rows, "median", "1")
    errors = {(row["frame"], row["hole"]): float(row["error"]) for row in rows if row["method"] == "median"}
    assert [errors[key] for key in ranked] == sorted((errors[key] for key in ranked), reverse=True)
    assert len(ranked) == 6


def test_streamers_are_measured_about_the_sun_centre_of_the_calibration_that_was_given(folder, tmp_path, monkeypatch):
    """Official star fits give another centre than the header does."""
    tree(tmp_path, list(catalogue.FIXED_FILES), flat=True)
    times = np.array([0.0, 5e9])
    fits = save_file(c_tai=times, c_xmed=np.array([500.0, 530.0]), c_ymed=np.array([540.0, 540.0]), c_rmed=0 * times)
    for name in ("c3_pre_recovery_adj_xyr_medv2.sav", "c3_post_recovery_adj_xyr_medv2.sav"):
        (tmp_path / name).write_bytes(fits)
    calibration = load_calibration_set(tmp_path)
    frame = read_frame(folder / "32000001.fts")
    nominal = sun_centre_on_detector(frame, determine_pointing(frame, load_calibration_set(), frame.date))
    seen = []
    monkeypatch.setattr(scores, "streamers", lambda *given: seen.append(given[3]) or 0.0)

    one = benchmark.make_holes(frame, "1", PLAN, calibration)
    benchmark.measure(one, "median", middling)

    assert set(seen) == {one.complete.centre}
    assert np.hypot(*np.subtract(seen[0], nominal)) > 3


def test_progress_is_told_after_every_method_of_every_size_of_frames_that_can_be_used(folder):
    steps, plan = [], benchmark.Plan(sizes=("1", "2x2"), holes=1)
    methods = {"median": middling, "again": middling}
    benchmark.run(sorted(folder.iterdir())[::2], methods, plan, progress=lambda *step: steps.append(step))
    assert steps == [(number, 8) for number in (1, 2, 3, 4)]


def test_holes_of_summed_frames_are_blocks_of_32_px_of_the_summed_image(make_frame):
    frame = read_frame(make_frame(np.full((512, 512), 12000, np.int16), LEBXSUM=2, LEBYSUM=2))
    one = benchmark.make_holes(frame, "2x2", benchmark.Plan(holes=2), load_calibration_set())
    assert one.complete.shape == (512, 512)
    assert one.wanted.shape == (16, 16)
    assert [int(one.pixels(number).sum()) for number in range(len(one.holes))] == [64 * 64] * len(one.holes)
    assert benchmark.kind(frame) == "2x2"


def test_pixels_without_a_truth_do_not_count_in_runs(folder):
    frame = read_frame(folder / "32000001.fts")
    one = benchmark.make_holes(frame, "run32", PLAN, load_calibration_set())
    rows = benchmark.measure(one, "truth", truth_of())
    assert {row["size"] for row in rows} == {"run32"}
    for number, row in enumerate(rows):
        assert len(str(row["blocks"]).split()) == 32
        assert row["pixels"] == one.pixels(number).sum() <= 32 * 1024
        assert np.isfinite(float(row["rms"]))
        assert float(row["error"]) == pytest.approx(1.05, abs=0.25)  # rms has the shadows at the edge of the field
