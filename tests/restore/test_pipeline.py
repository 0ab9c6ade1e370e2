"""The one path: what is filled, what is left alone, and what the product says."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from corinpaint.lasco.errors import CheckpointError, OptionError
from corinpaint.lasco.geometry.distortion import C3_OCCULTER_CENTRES
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1 import product as level1
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set, load_optics, occulted_on_detector
from corinpaint.lasco.simulation.scene import simulate
from corinpaint.restore import measured_errors, pipeline
from corinpaint.restore.engines.base import Filled
from corinpaint.restore.methods import registry
from corinpaint.restore.methods.problem import problem_of

MISSING = ((20, 20), (20, 21), (8, 12))


@pytest.fixture
def damaged(make_frame):
    return read_frame(make_frame(missing=MISSING))


def _equal(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    return (a == b) | (np.isnan(a) & np.isnan(b))


@pytest.mark.slow
def test_a_path_gives_what_its_frame_gives(make_frame, tmp_path):
    path = tmp_path / "32082037.fts"
    path.write_bytes(make_frame(missing=MISSING))
    products = [
        pipeline.restore(given, fill="harmonic").level1.to_bytes() for given in (path, str(path), read_frame(path))
    ]
    assert products[0] == products[1] == products[2]
    with pytest.raises(TypeError, match="must be a Frame"):
        pipeline.restore(path.read_bytes())  # type: ignore[arg-type]


@pytest.mark.slow
def test_a_notebook_shows_a_small_table_without_addresses(damaged, echo):
    text = pipeline.restore(damaged, inpainter=echo)._repr_html_()
    assert "<th>Missing blocks</th><td>3</td>" in text
    assert "filled by network" in text
    assert "&lt;Frame 32082037" in text
    assert "http" not in text
    assert len(text) < 2000


def test_pixels_that_no_fill_touches_are_bit_identical_to_the_product_without_fill(damaged, echo):
    with_fill = pipeline.restore(damaged, inpainter=echo).level1
    without = pipeline.restore(damaged, fill="none").level1
    untouched = (with_fill.mask & level1.Flag.FILLED) == 0
    assert _equal(with_fill.data, without.data)[untouched].all()
    assert np.isnan(without.data[~untouched]).all()
    assert np.isfinite(with_fill.data[~untouched]).all()
    assert 3 * 1024 < (~untouched).sum() < 3 * 1200


@pytest.mark.slow
def test_real_frames_with_missing_blocks_keep_every_observed_pixel(real_frames, echo):
    for path in real_frames[::3]:
        complete = read_frame(path)
        data = complete.data.copy()
        for row, column in MISSING:
            data[row * 32 : row * 32 + 32, column * 32 : column * 32 + 32] = 0
        holed = type(complete)(data, complete.header, complete.name, complete.number, complete.date)
        restored = pipeline.restore(holed, inpainter=echo).level1
        truth = pipeline.restore(complete).level1
        untouched = (restored.mask & level1.Flag.FILLED) == 0
        assert _equal(restored.data, truth.data)[untouched].all()
        assert (~untouched).sum() > 3 * 1024


def test_filled_pixels_are_marked_and_finite_and_refused_ones_are_nan(make_frame, echo):
    frame = read_frame(make_frame(missing=((20, 20), (31, 16))))
    product = pipeline.restore(frame, inpainter=echo).level1
    filled, refused = product.mask & level1.Flag.FILLED > 0, product.mask & level1.Flag.REFUSED > 0
    assert filled.sum() > 1000
    assert refused.sum() > 1000
    assert not (filled & refused).any()
    assert np.isfinite(product.data[filled]).all()
    assert np.isnan(product.data[refused]).all()


def test_a_block_half_behind_the_pylon_is_filled_and_marked_only_where_it_is_seen(make_frame, echo):
    field = ~occulted_on_detector(load_optics(load_calibration_set()), C3_OCCULTER_CENTRES[-1][1])
    seen = field.reshape(32, 32, 32, 32).mean(axis=(1, 3))
    row, column = np.argwhere((seen > 0.3) & (seen < 0.6) & (np.indices(seen.shape).min(axis=0) > 4))[0]
    product = pipeline.restore(read_frame(make_frame(missing=((row, column),))), inpainter=echo).level1
    filled = product.mask & level1.Flag.FILLED > 0
    assert 300 < filled.sum() < 800
    assert np.isfinite(product.data[filled]).all()
    assert not (filled & (product.mask & level1.Flag.OCCULTED > 0)).any()


def test_every_pixel_without_a_value_has_a_flag_that_says_why(damaged, echo):
    product = pipeline.restore(damaged, inpainter=echo).level1
    why = product.mask & (level1.Flag.NEVER_SENT | level1.Flag.OCCULTED | level1.Flag.REFUSED)
    assert np.array_equal(np.isnan(product.data), why > 0)


def test_a_frame_without_missing_blocks_never_touches_the_network(make_frame, echo):
    restored = pipeline.restore(read_frame(make_frame()), inpainter=echo)
    assert echo.calls == 0
    assert restored.level1.header["WEIGHTS"] == "none"


def test_the_product_tells_weights_calibration_and_blocks(damaged, echo):
    header = pipeline.restore(damaged, inpainter=echo).level1.header
    assert header["WEIGHTS"] == echo.info.sha256
    assert header["CALIB"] == "NOMINAL"
    assert len(header["CALH1"]) == 64
    assert (header["NMISSING"], header["NFILLED"]) == (3, 3)
    assert header["FILENAME"] == "35082037.fits"
    assert "Zone 1" in str(header["HISTORY"])


def test_the_product_tells_the_limit_of_the_error(damaged):
    assert pipeline.restore(damaged, fill="none").level1.header["MAXERR"] == "none"
    assert pipeline.restore(damaged, fill="harmonic", max_error=2).level1.header["MAXERR"] == 2.0


@pytest.mark.slow
def test_the_product_tells_which_context_was_asked_for_and_which_filled(make_frame, log_polar_echo):
    frame = read_frame(make_frame(missing=MISSING))
    earlier, later, last = (
        read_frame(make_frame(TIME_OBS=f"02:{minute}:05.594", FILENAME=f"320820{minute}.fts"))
        for minute in (12, 30, 42)
    )
    given = (last, earlier, later)
    told = pipeline.restore(frame, inpainter=log_polar_echo, context=given).level1.header
    assert told["CONTEXT"] == "32082012 32082030"
    assert told["CTXASKED"].startswith("given ")
    assert "context 32082012 32082030" in " ".join(told["HISTORY"])
    again = pipeline.restore(frame, fill="temporal", context=given[::-1]).level1.header
    assert (again["CTXASKED"], again["CONTEXT"]) == (told["CTXASKED"], told["CONTEXT"])
    other = pipeline.restore(frame, inpainter=log_polar_echo, context=(earlier,)).level1.header
    assert other["CONTEXT"] == "32082012"
    assert other["CTXASKED"] != told["CTXASKED"]


def test_context_is_aligned_only_for_a_frame_with_something_to_fill(make_frame, log_polar_echo, monkeypatch):
    earlier, other = read_frame(make_frame(TIME_OBS="02:06:05.594")), read_frame(make_frame(POLAR="PB"))
    monkeypatch.setattr(pipeline, "align", lambda *_: pytest.fail("was aligned"))
    for missing in ((), ((31, 16),)):
        frame = read_frame(make_frame(missing=missing))
        header = pipeline.restore(frame, inpainter=log_polar_echo, context=[earlier]).level1.header
        assert header["CONTEXT"] == "none"
        with pytest.raises(OptionError, match="POLAR"):
            pipeline.restore(frame, inpainter=log_polar_echo, context=[other])


def test_a_fill_without_context_names_none(damaged, echo):
    header = pipeline.restore(damaged, inpainter=echo).level1.header
    assert (header["CTXASKED"], header["CONTEXT"]) == ("none", "none")


def test_a_missing_block_behind_the_occulter_is_neither_filled_nor_a_zone(make_frame, echo):
    restored = pipeline.restore(read_frame(make_frame(missing=((16, 16),))), inpainter=echo)
    assert restored.zones == ()
    assert echo.calls == 0
    assert restored.level1.header["NMISSING"] == 1


def test_a_turned_frame_is_turned_back_with_its_flags(make_frame, echo):
    upright = pipeline.restore(read_frame(make_frame(missing=MISSING)), inpainter=echo).level1
    upside_down = pipeline.restore(read_frame(make_frame(missing=MISSING, CROTA1=180.0)), inpainter=echo).level1
    assert np.array_equal(upright.mask, upside_down.mask[::-1, ::-1])
    assert _equal(upright.data, upside_down.data[::-1, ::-1]).all()
    assert upside_down.header["CRPIX1"] == pytest.approx(1023 - 517.956 + 1)


def test_an_unknown_fill_is_refused_with_the_choices(damaged):
    with pytest.raises(OptionError, match="network"):
        pipeline.restore(damaged, fill="magic")


def test_a_hole_out_of_the_networks_reach_is_refused_and_the_others_are_filled(damaged, echo):
    def fill(image, mask):
        reached = np.ones_like(mask)
        reached[..., 8 * 32 + 16, 12 * 32 + 16] = 0
        return Filled(np.where(mask > 0, image, 0.5).astype(np.float32), reached)

    echo.fill = fill
    restored = pipeline.restore(damaged, inpainter=echo)
    assert [v.refused for v in restored.zones] == ["out of the network's reach", ""]
    assert (restored.level1.mask & level1.Flag.REFUSED > 0).sum() > 1000
    assert (restored.level1.mask & level1.Flag.FILLED > 0).sum() > 2000


def test_a_network_that_filled_nothing_is_not_named(damaged, echo):
    echo.fill = lambda image, mask: Filled(image, mask)
    restored = pipeline.restore(damaged, inpainter=echo)
    assert all(v.refused for v in restored.zones)
    assert restored.model is None
    assert restored.level1.header["WEIGHTS"] == "none"


def test_a_network_that_gives_no_numbers_is_an_error_that_names_it(damaged, echo):
    echo.fill = lambda image, mask: Filled(np.where(mask > 0, image, np.nan), np.ones_like(mask))
    with pytest.raises(CheckpointError, match=r"echo\.onnx"):
        pipeline.restore(damaged, inpainter=echo)


@pytest.mark.slow
def test_simulated_frames_keep_every_observed_pixel_too(echo):
    simulation = simulate(3, missing=9)
    restored = pipeline.restore(simulation.frame, inpainter=echo).level1
    without = pipeline.restore(simulation.frame, fill="none").level1
    untouched = (restored.mask & level1.Flag.FILLED) == 0
    assert _equal(restored.data, without.data)[untouched].all()
    assert (~untouched).sum() > 1000


def test_a_frame_of_two_blocks_is_calibrated_and_its_holes_are_refused(make_frame, echo):
    counts = np.zeros((1024, 1024), np.int16)
    counts[512:576, 704:736] = np.arange(500, 532)
    restored = pipeline.restore(read_frame(make_frame(counts)), inpainter=echo)
    assert not restored.filled.any()
    assert np.isfinite(restored.level1.data).sum() > 1500
    assert echo.calls == 0


@pytest.fixture(params=[name for name in registry.METHODS if name not in registry.NEED_CONTEXT])
def method(request):
    if request.param in ("telea", "navier-stokes"):
        pytest.importorskip("cv2")
    return request.param


def test_every_method_without_a_network_fills_and_the_product_tells_which(damaged, echo, method):
    restored = pipeline.restore(damaged, fill=method, inpainter=echo)
    without = pipeline.restore(damaged, fill="none").level1
    product = restored.level1
    filled = (product.mask & level1.Flag.FILLED) > 0
    assert _equal(product.data, without.data)[~filled].all()
    assert np.array_equal(product.mask[~filled], without.mask[~filled])
    assert 3 * 1024 < filled.sum() < 3 * 1200
    assert np.isfinite(product.data[filled]).all()
    assert np.isfinite(product.uncertainty[filled]).all()
    assert (echo.calls, restored.model, restored.fill) == (0, None, method)
    assert (product.header["FILL"], product.header["WEIGHTS"], product.header["NFILLED"]) == (method, "none", 3)
    assert f"filled by {method}" in str(product.header["HISTORY"]).replace("\n", "")


def test_every_method_comes_close_to_what_was_lost(make_frame, method):
    complete = pipeline.restore(read_frame(make_frame()), fill="none").level1
    product = pipeline.restore(read_frame(make_frame(missing=MISSING)), fill=method).level1
    filled = (product.mask & level1.Flag.FILLED) > 0
    error = np.abs(product.data - complete.data)[filled] / complete.uncertainty[filled]
    assert np.median(error) < (2.5 if method == "biharmonic" else 1.2)


def test_the_frame_that_is_filled_tells_the_centre_of_the_sun_on_the_detector(make_frame):
    for roll, column in ((0.0, 517.956), (180.0, 517.956)):
        calibrated = calibrate_on_detector(read_frame(make_frame(missing=MISSING, CROTA1=roll)), load_calibration_set())
        zones = tuple(blocks.zones(calibrated.missing_in_field))
        made = problem_of(calibrated, zones)
        assert made.centre == pytest.approx((column, 532.632))
        assert made.hole.sum() == 3 * 1024
        assert not (made.hole & made.observed).any()
        assert len(made.zones) == 2


def test_a_zone_that_a_method_has_no_values_for_is_refused_and_the_others_are_filled(damaged, monkeypatch):
    def fill(problem):
        values = np.where(problem.hole, np.float32(1e-10), np.float32(np.nan))
        values[8 * 32 + 16, 12 * 32 + 16] = np.nan
        return values

    monkeypatch.setattr(registry, "METHODS", {"harmonic": lambda: fill})
    restored = pipeline.restore(damaged, fill="harmonic")
    assert [v.refused for v in restored.zones] == ["too little is observed around it for harmonic", ""]
    product = restored.level1
    assert (product.mask & level1.Flag.REFUSED > 0).sum() > 1000
    assert np.isnan(product.data[product.mask & level1.Flag.REFUSED > 0]).all()
    assert (product.mask & level1.Flag.FILLED > 0).sum() > 2000


def test_a_frame_with_nothing_to_fill_says_so_whatever_the_method(make_frame):
    restored = pipeline.restore(read_frame(make_frame(missing=((31, 16),))), fill="polynomial")
    assert not restored.filled.any()
    assert [v.refused for v in restored.zones] == ["touches the edge of the frame"]


@pytest.mark.slow
def test_eight_threads_give_the_bytes_that_one_gives(make_frame):
    pytest.importorskip("onnxruntime")
    missing = [((20, 8),), ((12, 22), (12, 23)), (), ((24, 12), (9, 20), (29, 16)), ((20, 8), (0, 16))]
    frames = [make_frame(missing=blocks, FILENAME=f"3208203{number}.fts") for number, blocks in enumerate(missing)]

    def product(content):
        return pipeline.restore(read_frame(content)).level1.to_bytes()

    wanted = [product(content) for content in frames]
    with ThreadPoolExecutor(8) as pool:
        found = list(pool.map(product, frames * 4))
    assert found == wanted * 4
    assert len(set(wanted)) == len(frames)


C2_OF_2025 = {
    "DETECTOR": "C2",
    "FILTER": "Orange",
    "DATE_OBS": "2025/08/25",
    "MID_DATE": 60912,
    "CROTA1": 0.0,
    "CROTA2": 0.0,
    "CRPIX1": 512.5,
    "CRPIX2": 512.5,
}
C3_OF_2025 = {"DATE_OBS": "2025/08/25", "MID_DATE": 60912, "TIME_OBS": "01:00:00.000", "CROTA1": -178.0}


@pytest.mark.slow
@pytest.mark.parametrize("fill", ["network", "none"])
def test_a_frame_without_a_pointing_takes_its_roll_from_the_other_telescope(make_frame, echo, fill):
    frame, other = read_frame(make_frame(**C2_OF_2025)), read_frame(make_frame(**C3_OF_2025), name="34000002.fts")
    told = pipeline.restore(frame, fill=fill, inpainter=echo, context=[other]).level1
    alone = pipeline.restore(frame, fill=fill, inpainter=echo).level1
    assert "borrowed from 34000002.fts" in told.header["POINTSRC"]
    assert told.header["RECTIFY"] == pytest.approx(180 + 2.0 - 0.23 + 0.732)
    assert (told.warnings, len(alone.warnings)) == ((), 1)
    assert alone.header["RECTIFY"] == 0


def test_a_frame_of_the_other_telescope_is_no_context_for_a_fill_of_c3_or_hours_away(make_frame):
    known, other = read_frame(make_frame(**{**C2_OF_2025, "CROTA1": 1.0})), read_frame(make_frame(**C3_OF_2025))
    with pytest.raises(OptionError, match="DETECTOR"):
        pipeline.restore(other, fill="temporal", context=[known])
    with pytest.raises(OptionError, match=r"another kind, .* 1\.3 hours"):
        pipeline.restore(known, fill="temporal", context=[other])
    with pytest.raises(OptionError, match="needs some"):
        pipeline.restore(read_frame(make_frame(**C2_OF_2025)), fill="temporal", context=[other])


LARGE = tuple((row, column) for row in range(19, 24) for column in range(19, 24))


def _unsure(network, scale):
    """Have a network give this standard deviation, units of the noise."""
    fill = network.fill
    network.fill = lambda image, mask, place: fill(image, mask, place)._replace(scale=np.full_like(mask[:, :1], scale))
    return network


def test_the_policy_predicted_fills_zones_beyond_solarsofts_limits(make_frame, log_polar_echo):
    frame = read_frame(make_frame(missing=(*LARGE, (8, 12))))
    by_count = pipeline.restore(frame, inpainter=log_polar_echo)
    single, large = by_count.zones
    assert (single.method, large.refused) == ("network", "25 missing blocks, more than 16")
    restored = pipeline.restore(frame, inpainter=log_polar_echo, policy="predicted")
    assert [record.method for record in restored.zones] == ["network", "network"]
    assert all(0.8 < record.predicted < 1.2 for record in restored.zones)
    assert (restored.zones[1].error, restored.zones[1].total_error) == (None, None)
    header = restored.level1.header
    assert (header["FILLPOL"], header["MAXERR"], header["NFILLED"]) == ("predicted", 1.5, 26)
    assert "predicted error 1" in " ".join(str(header["HISTORY"]).split())
    before = by_count.level1.header
    assert (before["FILLPOL"], before["MAXERR"], before["NFILLED"]) == ("solarsoft", "none", 1)


def test_auto_fills_what_context_shows_beyond_solarsofts_limits_where_that_was_measured(
    make_frame, log_polar_echo, monkeypatch
):
    frame, earlier = read_frame(make_frame(missing=LARGE)), read_frame(make_frame(TIME_OBS="02:06:05.594"))
    table = measured_errors._table()
    refused = pipeline.restore(frame, inpainter=log_polar_echo, context=[earlier])
    assert refused.zones[0].refused == "25 missing blocks, more than 16"
    assert (refused.level1.header["FILLPOL"], refused.level1.header["CONTEXT"]) == ("auto", "none")
    scales = {"C3": {"context": {"run32": [0.5, 1.0]}}}
    monkeypatch.setattr(
        measured_errors, "_table", lambda: {**table, "weights": log_polar_echo.info.sha256, "scales": scales}
    )
    restored = pipeline.restore(frame, inpainter=log_polar_echo, context=[earlier])
    (record,) = restored.zones
    assert (record.method, record.refused) == ("network", "")
    assert 0.4 < record.predicted < 0.6
    header = restored.level1.header
    assert (header["FILLPOL"], header["MAXERR"], header["NFILLED"]) == ("auto", "none", 25)
    alone = pipeline.restore(frame, inpainter=log_polar_echo)
    assert alone.zones[0].refused == "25 missing blocks, more than 16"
    assert alone.level1.header["FILLPOL"] == "solarsoft"


def test_a_zone_with_a_larger_predicted_error_is_refused_and_the_weights_that_said_so_are_named(
    make_frame, log_polar_echo
):
    frame, network = read_frame(make_frame(missing=MISSING)), _unsure(log_polar_echo, 2.0)
    restored = pipeline.restore(frame, inpainter=network, policy="predicted")
    assert all(
        record.refused == f"a predicted error of {record.predicted:.2f} x noise, more than 1.5"
        for record in restored.zones
    )
    product = restored.level1
    assert np.isnan(product.data[product.mask & level1.Flag.REFUSED > 0]).all()
    assert (product.header["WEIGHTS"], product.header["NFILLED"]) == (network.info.sha256, 0)
    assert "filled by" not in str(product.header["HISTORY"])
    higher = pipeline.restore(frame, inpainter=network, policy="predicted", max_error=3.0)
    assert [record.refused for record in higher.zones] == ["", ""]


def test_a_policy_that_the_fill_cannot_follow_is_refused(damaged, echo):
    with pytest.raises(OptionError, match="predicts no error"):
        pipeline.restore(damaged, inpainter=echo, policy="predicted")
    with pytest.raises(OptionError, match="policy = 'generous'"):
        pipeline.restore(damaged, fill="none", policy="generous")


def test_a_network_without_a_scale_predicts_no_error(damaged, echo):
    assert [record.predicted for record in pipeline.restore(damaged, inpainter=echo).zones] == [None, None]


def test_history_names_the_kind_of_context_of_another_kind(make_frame):
    frame = read_frame(make_frame(missing=((20, 20),)))
    others = [
        read_frame(make_frame(FILENAME=f"320820{number}.fts", TIME_OBS=f"02:{minute:02}:05.594", **cards))
        for number, minute, cards in ((36, 12, {"POLAR": "+60 Deg"}), (38, 22, {"POLAR": "0 Deg"}))
    ]
    restored = pipeline.restore(frame, fill="temporal", context=others)
    history = " ".join(str(line) for line in restored.level1.header["HISTORY"])
    assert "another kind, multiplied by the local ratio" in history
    assert "32082038 (C3 CLEAR/0DEG), 32082036 (C3 CLEAR/+60DEG)" in history
    assert restored.level1.header["CONTEXT"] == "32082038 32082036"
    (zone,) = restored.zones
    assert zone.context == ("32082038", "32082036")
