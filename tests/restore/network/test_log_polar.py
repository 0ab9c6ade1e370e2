"""Holes filled through log-polar windows: what the network is given, and what becomes of its answer."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import problems
import pytest

from corinpaint.lasco.errors import CheckpointError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.simulation.scene import simulate
from corinpaint.model.metadata import DOMAINS
from corinpaint.restore.context import Context
from corinpaint.restore.engines import base, loading
from corinpaint.restore.methods.problem import problem_of
from corinpaint.restore.neighbours.kinds import Rank
from corinpaint.restore.network import equalisation, flat_field, log_polar, log_polar_grid

MISSING = ((20, 20), (8, 12), (8, 13))
MANY = tuple((row, column) for row in (2, 8, 24) for column in (3, 9, 25))
NOISE = 0.01


class Knowing:
    """A network that knows the levels of a field at every window's pixels, and remembers what it was given."""

    def __init__(self, answer, scale=1.0, domain="noise"):
        self.info = base.ModelInfo(Path("knowing.onnx"), "knowing", "0", "0" * 64, 64, 1024, domain)
        self.answer, self.scale = answer, scale
        self.given = []

    def fill(self, image, mask, place=None):
        self.given.append((image, mask, place))
        first = sum(len(one[0]) for one in self.given[:-1])
        values = np.stack([self.answer(first + number, *place[number]) for number in range(len(image))])[:, None]
        ones = np.ones_like(values)
        return base.Filled(values.astype(np.float32), ones, None if self.scale is None else self.scale * ones)


def posed(field=problems.power, missing=MISSING, size=1024, **more):
    """A problem with shot noise, and its truth without noise."""
    made, truth = problems.problem(field, missing, size=size, **more)
    sigma = (problems.UNIT * NOISE * np.sqrt(truth / problems.UNIT)).astype(np.float32)
    return replace(made, sigma=sigma), truth


def windows_of(made):
    """The windows in the order in which they are filled: the small ones first, else that of the zones."""
    holes = [np.nonzero(made.hole & blocks.to_pixels(zone.missing)) for zone in made.zones]
    return sorted(
        (log_polar_grid.around(*hole, made.centre, log_polar.ROOM) for hole in holes), key=lambda one: one.side
    )


def knowing(made, field, domain="noise", **more):
    """The engine that knows a field's levels."""
    scale = equalisation.fit_scales(made.image, made.sigma, made.observed, DOMAINS[domain].levels).levels
    windows = windows_of(made)
    step = 1024 // made.image.shape[0]

    def answer(number, radius, px, *_):
        window = windows[number]
        assert (radius, px) == pytest.approx((window.radius, window.scale))
        rows, columns = (place * step + (step - 1) / 2 for place in window.pixels())
        return scale.forward(problems.UNIT * field(rows, columns))

    return Knowing(answer, domain=domain, **more)


@pytest.mark.parametrize("size", [1024, 512])
@pytest.mark.parametrize("missing", [MISSING, ((0, 0),), ((31, 30), (30, 31)), tuple((24, c) for c in range(8, 24))])
def test_a_power_of_the_radius_comes_back_where_the_network_is_right(missing, size):
    made, truth = posed(missing=missing, size=size)
    filled = log_polar.fill(made, knowing(made, problems.power))
    assert np.array_equal(filled.reached, made.hole)
    assert problems.worst(filled.brightness, truth, made) < 1e-3


def test_pixels_outside_of_the_holes_stay_bit_identical():
    hidden = np.zeros((1024, 1024), dtype=bool)
    hidden[630:650, 600:700] = True
    made, _ = posed(hidden=hidden)
    filled = log_polar.fill(made, knowing(made, problems.plane))
    assert filled.brightness.dtype == np.float32
    assert np.array_equal(filled.brightness[~made.hole], made.image[~made.hole], equal_nan=True)
    assert not filled.reached[~made.hole].any()
    assert not filled.sigma[~made.hole].any()
    assert np.isfinite(filled.brightness[made.hole]).all()


def test_the_image_that_is_given_is_not_changed():
    made, _ = posed()
    before = made.image.copy()
    log_polar.fill(made, knowing(made, problems.power))
    assert np.array_equal(made.image, before, equal_nan=True)


def test_only_the_holes_of_the_zones_asked_for_are_filled():
    made, _ = posed()
    first = replace(made, zones=made.zones[:1])
    filled = log_polar.fill(first, knowing(first, problems.power))
    assert np.array_equal(filled.reached, made.hole & blocks.to_pixels(made.zones[0].missing))


def test_a_scale_of_one_is_the_noise_of_the_fill_itself():
    made, truth = posed()
    filled = log_polar.fill(made, knowing(made, problems.power, scale=2.0))
    sigma = problems.UNIT * NOISE * np.sqrt(truth / problems.UNIT)
    assert filled.sigma[made.hole] == pytest.approx(2 * sigma[made.hole], rel=0.03)


def test_the_network_sees_the_frame_in_units_of_its_noise_with_the_hole_masked():
    made, _ = posed(missing=((20, 20),))
    engine = knowing(made, problems.power)
    log_polar.fill(made, engine)
    ((image, mask, place),) = engine.given
    (window,) = windows_of(made)
    assert image.dtype == mask.dtype == place.dtype == np.float32
    assert image.shape == mask.shape == (1, 2, window.side, window.side)
    assert np.array_equal(mask[0, 0] > 0, log_polar_grid.sampler(window, made.image.shape).mask(made.observed))
    assert mask[0, 0, window.side // 2, window.side // 2] == 0
    assert not image[mask == 0].any()
    rows, columns = (place.clip(0, 1023) for place in window.pixels())
    scale = equalisation.fit_noise(made.image, made.sigma, made.observed)
    wanted = scale.forward(problems.UNIT * problems.power(np.rint(rows), np.rint(columns)))
    assert np.abs(image[0, 0] - wanted)[mask[0, 0] > 0].max() < 0.01


def test_without_context_the_second_plane_is_unknown():
    made, _ = posed()
    engine = knowing(made, problems.power)
    log_polar.fill(made, engine)
    assert engine.given
    for image, mask, _ in engine.given:
        assert not mask[:, 1].any()
        assert not image[:, 1].any()


def test_context_is_passed_on_in_units_of_noise_and_masked_where_it_did_not_look():
    made, truth = posed(missing=((20, 20),))
    looked = np.ones(truth.shape, dtype=bool)
    looked[640:650, 640:660] = False
    earlier = np.where(looked, 1.1 * truth, np.nan).astype(np.float32)
    made = replace(made, context=(Context("earlier", 0.5, earlier, looked, 1.0),))
    engine = knowing(made, problems.power)
    log_polar.fill(made, engine)
    ((image, mask, _),) = engine.given
    sampler = log_polar_grid.sampler(windows_of(made)[0], truth.shape)
    assert np.array_equal(mask[0, 1] > 0, sampler.mask(looked))
    assert not image[0, 1][mask[0, 1] == 0].any()
    both = (mask[0] > 0).all(axis=0)
    assert (image[0, 1] > image[0, 0])[both].all()
    scale = equalisation.fit_noise(made.image, made.sigma, made.observed)
    brighter = scale.forward(1.1 * truth.ravel()[sampler.index])
    assert np.abs(image[0, 1] - brighter)[mask[0, 1] > 0].max() < 0.01


def test_a_network_for_sequences_sees_each_frame_in_its_place_with_its_time():
    made, truth = posed(missing=((20, 20),))
    looked = np.ones(truth.shape, dtype=bool)
    hours = (0.2, -0.2, -0.5, 0.7, -0.9)  # the nearest first, as a frame has its context
    context = tuple(Context(f"{one}", one, ((1 + one) * truth).astype(np.float32), looked, 1.0) for one in hours)
    made = replace(made, context=context)
    engine = knowing(made, problems.power)
    engine.info = replace(engine.info, domain="sequence")

    log_polar.fill(made, engine)

    ((image, mask, place),) = engine.given
    assert place[0, 2:] == pytest.approx((0.2, 0.7, -0.2, -0.5))
    sampler = log_polar_grid.sampler(windows_of(made)[0], truth.shape)
    scale = equalisation.fit_noise(made.image, made.sigma, made.observed)
    for number, one in enumerate((0.2, 0.7, -0.2, -0.5), start=1):
        assert np.array_equal(mask[0, number] > 0, sampler.mask(looked))
        wanted = scale.forward((1 + one) * truth.ravel()[sampler.index])
        assert np.abs(image[0, number] - wanted)[mask[0, number] > 0].max() < 0.01


def test_the_frames_of_a_fill_are_those_that_the_network_takes():
    made, truth = posed(missing=((20, 20),))
    looked = np.ones(truth.shape, dtype=bool)
    context = tuple(
        Context(f"{one}", one, truth.astype(np.float32), looked, 1.0, number=f"{number}")
        for number, one in enumerate((0.2, -0.2, 0.5, 0.7, -0.9))
    )
    engine = knowing(made, problems.power)
    adapter = log_polar.LogPolarNetwork(engine)
    area = made.zones[0].area
    assert adapter.contributing(context, area) == ("0", "1")
    engine.info = replace(engine.info, domain="sequence")
    assert adapter.contributing(context, area) == ("0", "1", "2", "4")
    assert adapter.contributing(context[:1], area) == ("0",)


def test_pixels_out_of_the_networks_reach_are_told_and_left_as_they_were():
    made, _ = posed(missing=((20, 20), (24, 4)))
    engine = knowing(made, problems.power)
    fill = engine.fill

    def partly(image, mask, place=None):
        filled = fill(image, mask, place)
        below = image.shape[2] // 2 + 8
        filled.reached[0, :, below:] = 0
        filled.image[0, :, below:] = np.nan
        return filled

    engine.fill = partly
    filled = log_polar.fill(made, engine)
    first, second = (blocks.to_pixels(zone.missing) & made.hole for zone in made.zones)
    assert 0 < filled.reached[first].mean() < 1
    assert filled.reached[second].all()
    assert np.isfinite(filled.brightness[filled.reached]).all()
    assert np.isnan(filled.brightness[made.hole & ~filled.reached]).all()
    assert not filled.sigma[~filled.reached].any()


def test_more_zones_than_a_batch_holds_are_filled_each_by_its_own_window():
    made, truth = posed(missing=MANY)
    assert len(made.zones) == len(MANY) > log_polar.BATCH
    engine = knowing(made, problems.power)
    filled = log_polar.fill(made, engine)
    assert max(len(image) for image, _, _ in engine.given) == log_polar.BATCH
    assert sum(len(image) for image, _, _ in engine.given) == len(MANY)
    assert problems.worst(filled.brightness, truth, made) < 1e-3


def test_a_zone_without_a_pixel_to_fill_asks_for_nothing():
    made, _ = posed(missing=((20, 20),), hidden=np.indices((1024, 1024))[0] >= 512)
    engine = Knowing(lambda *_: np.zeros((log_polar_grid.SIDE, log_polar_grid.SIDE)))
    filled = log_polar.fill(made, engine)
    assert len(made.zones) == 1
    assert not engine.given
    assert not filled.reached.any()


def test_the_mean_of_what_is_seen_stays_within_what_is_seen(log_polar_echo):
    made, truth = posed()
    filled = log_polar.fill(made, log_polar_echo)
    assert log_polar_echo.calls == 2  # one block and two blocks have windows of their own size
    assert filled.reached[made.hole].all()
    assert truth.min() < filled.brightness[made.hole].min() <= filled.brightness[made.hole].max() < truth.max()


@pytest.mark.parametrize("field", ["image", "scale"])
@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_a_network_that_gives_no_numbers_is_an_error_that_names_it(field, value):
    made, _ = posed()
    engine = knowing(made, problems.power)
    fill = engine.fill
    engine.fill = lambda *given: fill(*given)._replace(**{field: np.full_like(given[0][:, :1], value)})
    with pytest.raises(CheckpointError, match=r"knowing\.onnx.*not finite"):
        log_polar.fill(made, engine)


def test_a_network_without_a_scale_is_refused():
    made, _ = posed()
    with pytest.raises(CheckpointError, match=r"knowing\.onnx.*no scale"):
        log_polar.fill(made, knowing(made, problems.power, scale=None))


@pytest.mark.parametrize("answer", [-50.0, 0.5, 1e6])
def test_a_fill_beyond_the_ends_of_the_scale_is_none(answer):
    made, _ = posed()
    filled = log_polar.fill(made, Knowing(lambda *_: np.full((log_polar_grid.SIDE, log_polar_grid.SIDE), answer)))
    assert not filled.reached.any()
    assert np.array_equal(filled.brightness, made.image, equal_nan=True)


def test_a_power_comes_back_from_levels_of_the_histogram_with_the_noise_of_its_brightness():
    made, truth = posed()
    engine = knowing(made, problems.power, domain="sequence-levels")
    filled = log_polar.fill(made, engine)
    sigma = problems.UNIT * NOISE * np.sqrt(truth / problems.UNIT)
    assert np.array_equal(filled.reached, made.hole)
    assert problems.worst(filled.brightness, truth, made) < 5e-3
    assert filled.usual[made.hole] == pytest.approx(sigma[made.hole], rel=0.05)
    assert all(len(place[0]) == 6 and image.shape[1] == 5 for image, _, place in engine.given)


@pytest.mark.parametrize("level", [-1e4, 1e9])
def test_a_fill_beyond_the_levels_of_the_histogram_is_the_darkest_or_brightest_pixel(level):
    made, _ = posed(missing=((20, 20),))
    engine = Knowing(lambda *_: np.full((256, 256), level), domain="sequence-levels")
    filled = log_polar.fill(made, engine)
    end = (np.min if level < 0 else np.max)(made.image[made.observed])
    assert np.array_equal(filled.reached, made.hole)
    assert filled.brightness[made.hole] == pytest.approx(end, rel=1e-5)
    assert (filled.sigma[made.hole] > 0).all()


def test_point_sources_are_the_same_for_either_levels():
    made, _ = posed(missing=((20, 20),))
    made.image[640:642, 630:632] *= 3
    seen = []
    for domain in ("sequence", "sequence-levels"):
        engine = knowing(made, problems.power, domain=domain)
        log_polar.fill(made, engine)
        seen.append(engine.given[0][1])
    assert np.array_equal(*seen)
    observed = log_polar_grid.sampler(windows_of(made)[0], made.image.shape).mask(made.observed)
    assert not np.array_equal(seen[0][0, 0] > 0, observed)


def test_noise_beyond_what_is_usual_at_a_brightness_is_added():
    made, _ = posed()
    filled = log_polar.fill(made, knowing(made, problems.power, scale=1.5))
    hole = made.hole
    assert filled.sigma[hole] == pytest.approx(1.5 * filled.usual[hole], rel=0.02)
    observed = np.full(hole.shape, 7, np.float32)
    same = filled.variance(observed, (0.8 * filled.usual) ** 2)
    assert np.array_equal(same[hole], filled.sigma[hole] ** 2)
    assert (same[~hole] == 7).all()
    more = filled.variance(observed, (3 * filled.usual) ** 2)
    assert more[hole] == pytest.approx((1.5**2 + 8) * filled.usual[hole] ** 2, rel=0.05)


@pytest.mark.slow
@pytest.mark.parametrize("missing_at", [((20, 8),), ((29, 16),), ((14, 20),), ((25, 25), (25, 26), (26, 25))])
def test_the_shipped_network_fills_from_its_windows_as_from_ones_that_hold_the_frame(missing_at):
    pytest.importorskip("onnxruntime")
    missing = np.zeros((32, 32), dtype=bool)
    missing[tuple(np.transpose(missing_at))] = True
    frame = simulate(11, missing=0).frame
    calibrated = calibrate_on_detector(
        replace(frame, data=np.where(blocks.to_pixels(missing), 0, frame.data)), load_calibration_set()
    )
    made = problem_of(calibrated, tuple(blocks.zones(calibrated.missing_in_field)))
    scale = equalisation.fit_noise(made.image, made.sigma, made.observed)
    usual, whole = (scale.forward(log_polar.fill(made, loading.load(), side).brightness) for side in (384, 1024))
    apart = np.abs(usual - whole)[made.hole]
    assert np.median(apart) < 0.1
    assert apart.max() < 0.3
    assert np.ptp(whole[made.hole]) > 1


def test_small_zones_have_small_windows_and_all_zones_the_same_room_around_them():
    zones = {
        "1": ((20, 20),),
        "2x2": ((20, 20), (20, 21), (21, 20), (21, 21)),
        "4x4": tuple((r, c) for r in range(18, 22) for c in range(18, 22)),
    }
    sides = {}
    for name, missing in zones.items():
        made, _ = posed(missing=missing)
        engine = knowing(made, problems.power)
        log_polar.fill(made, engine)
        ((image, _, _),) = engine.given
        sides[name] = image.shape[-1]
        (window,) = windows_of(made)
        place = np.array(window.places(*np.nonzero(made.hole)))
        assert place.min() >= (1 - log_polar.ROOM) * log_polar_grid.SIDE / 2 - 1
        assert (window.side - 1 - place).min() >= (1 - log_polar.ROOM) * log_polar_grid.SIDE / 2 - 1
    assert sides == {"1": 256, "2x2": 320, "4x4": 384}


def test_stars_in_the_frame_and_in_its_context_are_hidden_from_the_network():
    made, truth = posed(missing=((20, 20),))
    image, earlier = made.image.copy(), truth.copy()
    image[650, 674] += problems.UNIT
    earlier[655, 655] += problems.UNIT
    made = replace(made, image=image, context=(Context("earlier", 0.5, earlier, np.ones(truth.shape, bool), 1.0),))
    engine = knowing(made, problems.power)
    filled = log_polar.fill(made, engine)
    ((image, mask, _),) = engine.given
    sampler = log_polar_grid.sampler(windows_of(made)[0], truth.shape)
    for plane, (place, known) in enumerate((((650, 674), made.observed), ((655, 655), np.ones(truth.shape, bool)))):
        hidden = sampler.mask(known) & (mask[0, plane] == 0)
        around = np.hypot(*(np.array(np.divmod(sampler.index[hidden], 1024)) - np.array(place)[:, None]))
        assert around.size
        assert around.max() < 5
        assert (sampler.index[hidden] == np.ravel_multi_index(place, truth.shape)).any()
    assert not image[mask == 0].any()
    assert np.array_equal(filled.brightness[made.observed], made.image[made.observed])


def with_response(made, share=1.0):
    """The problem in a camera whose pixels differ, and what each of them shows."""
    response = np.random.default_rng(5).normal(0, 0.03, made.image.shape).astype(np.float32)
    shown = 1 + share * response
    context = tuple(replace(one, image=one.image * shown) for one in made.context)
    return replace(made, image=made.image * shown, response=response, context=context), shown


@pytest.mark.parametrize("share", [0.0, 1.0])
def test_a_fill_shows_the_response_of_the_pixels_as_far_as_the_frame_does(share):
    plain, truth = posed()
    made, shown = with_response(plain, share)
    filled = log_polar.fill(made, knowing(made, problems.power))
    assert np.array_equal(filled.brightness[~made.hole], made.image[~made.hole], equal_nan=True)
    error = filled.brightness[made.hole] / (truth * shown)[made.hole] - 1
    assert np.abs(error).max() < 0.01


def test_the_network_sees_the_frame_and_its_context_without_the_response():
    plain, truth = posed()
    plain = replace(plain, context=(Context("earlier", 0.2, truth.astype(np.float32), np.ones_like(plain.hole), 1.0),))
    made, _ = with_response(plain)
    scale = equalisation.fit_noise(made.image, made.sigma, made.observed)
    flat = log_polar.without_response(made, log_polar.response_of(made, scale))
    planes, _ = log_polar.planes_of(flat, scale, "sequence")
    (image, _), (context, _) = planes[0], planes[1]
    around = made.observed & ~made.hole & (log_polar.response_of(made, scale) != 1)
    for plane in (image, context):
        left = np.abs(plane / truth - 1)[around]
        assert left.max() < 0.015
        assert np.quantile(left, 0.999) < 0.01


def test_a_star_beside_a_hole_does_not_move_the_response_that_is_seen():
    made, _ = with_response(posed(missing=((20, 20),))[0])
    offsets = np.arange(-3, 4)
    star = made.image.copy()
    star[647:654, 671:678] += 0.3 * problems.UNIT * np.exp(-0.4 * (offsets[:, None] ** 2 + offsets**2))
    scale = equalisation.fit_noise(made.image, made.sigma, made.observed)
    starred = replace(made, image=star)
    change = log_polar.response_of(starred, scale) - log_polar.response_of(made, scale)
    naive, plain = (
        flat_field.factor(one, made.sigma, made.observed, made.response, made.zones) for one in (star, made.image)
    )
    assert np.abs(change[made.hole]).max() < 0.2 * np.abs((naive - plain)[made.hole]).max()


def test_context_of_the_other_telescope_keeps_its_own_pixels():
    made, _ = with_response(posed()[0])
    ones = np.ones(made.image.shape, dtype=np.float32)
    known = np.ones_like(made.hole)
    same = Context("C2", 0.2, ones, known, 1.0)
    other = Context("C3", 0.2, ones, known, 1.0, rank=Rank.OTHER_TELESCOPE)
    shown = log_polar.response_of(made, equalisation.fit_noise(made.image, made.sigma, made.observed))
    first, second = log_polar.without_response(replace(made, context=(same, other)), shown).context
    assert np.array_equal(first.image, 1 / shown)
    assert second.image is ones
