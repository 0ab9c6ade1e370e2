"""Context frames: which are fit, and how they come onto the grid of the frame."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import ndimage

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.options import Options
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore import context

EARLIER = {"TIME_OBS": "02:06:05.594", "FILENAME": "32082036.fts"}


@pytest.fixture(scope="module")
def calibrated(make_frame):
    return calibrate_on_detector(read_frame(make_frame(missing=((20, 20),))), load_calibration_set())


def _aligned(calibrated, *others: bytes):
    frames = [read_frame(raw, name=f"other{number}.fts") for number, raw in enumerate(others)]
    return context.align(calibrated, frames)


def test_an_equal_frame_of_before_is_taken_as_it_is(calibrated, make_frame):
    (found,) = _aligned(calibrated, make_frame(**EARLIER))
    assert found.hours == pytest.approx(0.2)
    assert found.scale == pytest.approx(1)
    observed = calibrated.observed & found.observed
    assert np.array_equal(found.image[observed], calibrated.brightness[observed])
    assert found.observed[blocks.to_pixels(calibrated.missing) & calibrated.field].all()


def test_a_wrong_exposure_time_is_scaled_away(calibrated, make_frame):
    (found,) = _aligned(calibrated, make_frame(EXPTIME=19.1 * 1.03, **EARLIER))
    assert found.scale == pytest.approx(1.03, abs=3e-3)
    observed = calibrated.observed & found.observed
    assert np.median(np.abs(found.image / calibrated.brightness - 1)[observed]) < 3e-3


def test_its_own_missing_blocks_are_no_context(calibrated, make_frame):
    (found,) = _aligned(calibrated, make_frame(missing=((20, 20), (8, 12)), **EARLIER))
    assert not found.observed[blocks.to_pixels(calibrated.missing)].any()
    assert not found.observed[8 * 32 : 9 * 32, 12 * 32 : 13 * 32].any()


def test_another_pointing_is_shifted_onto_the_frames_own(make_frame):
    """The sky has moved on the detector by (3, -2) px, and the header says so."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[0:1024, 0:1024]
    sky = 900 + 3e4 / np.hypot(x - 518, y - 533).clip(40) + ndimage.gaussian_filter(rng.normal(0, 400, (1024, 1024)), 4)
    frame = read_frame(make_frame(sky.round().astype(np.int16)))
    moved = np.roll(sky, (-2, 3), axis=(0, 1)).round().astype(np.int16)
    calibrated = calibrate_on_detector(frame, load_calibration_set())
    (found,) = _aligned(calibrated, make_frame(moved, CRPIX1=517.956 + 3, CRPIX2=532.632 - 2, **EARLIER))
    middle = np.hypot(x - 518, y - 533)
    ring = calibrated.observed & found.observed & (middle > 250) & (middle < 420)  # where the vignetting is one
    unmoved = np.median(np.abs(np.roll(calibrated.brightness, (-2, 3), axis=(0, 1)) / calibrated.brightness - 1)[ring])
    assert np.median(np.abs(found.image / calibrated.brightness - 1)[ring]) < 0.1 * unmoved


def test_a_small_roll_between_them_is_turned_away(make_frame):
    y, x = np.mgrid[0:1024, 0:1024]
    angle = np.arctan2(y - 532.632, x - 517.956)

    def counts(turn: float) -> np.ndarray:
        rays = 900 + 3e4 / np.hypot(x - 518, y - 533).clip(40) + 100 * np.sin(40 * (angle + turn))
        return rays.round().astype(np.int16)

    calibrated = calibrate_on_detector(read_frame(make_frame(counts(0.0))), load_calibration_set())
    turn = np.radians(0.8)  # a larger CROTA: the sky is rotated clockwise
    (found,) = _aligned(calibrated, make_frame(counts(turn), CROTA1=0.8, **EARLIER))
    radius = np.hypot(x - 518, y - 533)
    ring = calibrated.observed & found.observed & (radius > 250) & (radius < 420)
    assert np.median(np.abs(found.image / calibrated.brightness - 1)[ring]) < 2e-3


def test_the_nearest_in_time_comes_first(calibrated, make_frame):
    hours = [c.hours for c in _aligned(calibrated, make_frame(TIME_OBS="01:30:00"), make_frame(TIME_OBS="02:24:00"))]
    assert hours == sorted(hours, key=abs)
    assert hours[0] < 0 < hours[1]


@pytest.mark.parametrize(
    ("cards", "named"),
    [
        ({"DETECTOR": "C2", "FILTER": "Orange"}, "DETECTOR"),
        ({"POLAR": "PB"}, "POLAR"),
        ({"FILTER": "Orange", "TIME_OBS": "00:40:00"}, "of another kind, and DATE-OBS is 1.6 hours"),
        ({"CROTA1": 180.0}, "roll differs .* by -?180"),
        ({"CROTA1": -1.5}, "roll differs"),
        ({"TIME_OBS": "06:00:00"}, "3.7 hours"),
        ({"DATE_OBS": "2002/01/07"}, "hours"),
        ({"TIME_OBS": "02:18:05.594"}, "the frame itself"),
    ],
)
def test_an_unfit_frame_is_refused_by_name(calibrated, make_frame, cards, named):
    with pytest.raises(context.ContextError, match=rf"other0\.fts: .*{named}"):
        _aligned(calibrated, make_frame(**{**EARLIER, **cards}))


def test_a_frame_of_another_size_is_refused(calibrated, make_frame):
    small = make_frame(np.full((512, 512), 3000, np.int16), LEBXSUM=2, LEBYSUM=2, **EARLIER)
    with pytest.raises(context.ContextError, match="size"):
        _aligned(calibrated, small)


def test_a_frame_with_almost_nothing_in_common_is_refused(calibrated, make_frame):
    counts = np.zeros((1024, 1024), np.int16)
    counts[512:544, 704:736] = 700
    with pytest.raises(context.ContextError, match="in common"):
        _aligned(calibrated, make_frame(counts, **EARLIER))


def test_a_calibrated_context_frame_gives_the_same_as_the_frame(calibrated, make_frame):
    frame = read_frame(make_frame(CRPIX1=520.0, **EARLIER))
    (wanted,) = context.align(calibrated, [frame])
    in_another_way = calibrate_on_detector(frame, load_calibration_set(), Options(vignetting=False))
    for other in (calibrate_on_detector(frame, load_calibration_set()), in_another_way):
        (found,) = context.align(calibrated, [other])
        assert np.array_equal(found.image, wanted.image)
        assert np.array_equal(found.observed, wanted.observed)
        assert (found.scale, found.number) == (wanted.scale, frame.number)


def test_fitness_is_checked_by_headers_alone(calibrated, make_frame, monkeypatch):
    monkeypatch.setattr(context, "calibrate_on_detector", lambda *_: pytest.fail("was calibrated"))
    context.check(calibrated, [read_frame(make_frame(**EARLIER))])
    for cards, named in (({"CROTA1": 180.0}, "roll differs"), ({"POLAR": "PB"}, "POLAR")):
        with pytest.raises(context.ContextError, match=named):
            context.check(calibrated, [read_frame(make_frame(**{**EARLIER, **cards}))])


def test_what_was_asked_for_depends_on_the_frames_and_not_on_their_order(make_frame):
    frames = [read_frame(make_frame(EXPTIME=seconds)) for seconds in (19.0, 20.0)]
    assert context.asked([]) == "none"
    assert context.asked([], automatic=True) == "auto"
    assert context.asked(frames) == context.asked(frames[::-1]) != context.asked(frames[:1])
    assert context.asked(frames, automatic=True) == f"auto {context.asked(frames)}"


def _streamers(amplitude: float) -> np.ndarray:
    y, x = np.mgrid[0:1024, 0:1024]
    rays = 1 + amplitude * np.cos(2 * np.arctan2(y - 532.632, x - 517.956))
    return ((900 + 3e4 / np.hypot(x - 518, y - 533).clip(40)) * rays).round().astype(np.int16)


def test_a_frame_of_another_polariser_position_is_scaled_by_the_local_ratio(make_frame):
    """It is brighter along the rows and fainter along the columns than the frame, as polarisation does it."""
    flat = calibrate_on_detector(read_frame(make_frame(_streamers(0.0), missing=((16, 22),))), load_calibration_set())
    (found,) = _aligned(flat, make_frame(_streamers(0.05), POLAR="+60 Deg", **EARLIER))
    truth = calibrate_on_detector(read_frame(make_frame(_streamers(0.0))), load_calibration_set())
    hole = flat.hole(flat.missing)
    assert np.median(np.abs(found.image / truth.brightness - 1)[hole]) < 0.01
    assert found.observed[hole].all()
    assert "C3 CLEAR/+60DEG" in found.kind


def test_frames_of_the_same_kind_win(calibrated, make_frame):
    """The nearer frame of another filter is left what the frame of the same kind did not observe."""
    found = _aligned(
        calibrated,
        make_frame(FILTER="Orange", TIME_OBS="02:16:05.594"),
        make_frame(missing=((8, 12), (20, 20)), **EARLIER),
    )
    assert [bool(one.kind) for one in found] == [False, True]
    assert not (found[0].observed & found[1].observed).any()
    assert found[1].observed[calibrated.hole(calibrated.missing)].all()


def test_other_positions_and_filters_make_up_one_context_frame(calibrated, make_frame):
    found = _aligned(
        calibrated,
        make_frame(POLAR="0 Deg", FILENAME="32082036.fts", TIME_OBS="02:16:05.594"),
        make_frame(FILTER="Orange", FILENAME="32082038.fts", TIME_OBS="02:28:05.594"),
    )
    assert [one.number for one in found] == ["32082036 32082038"]
    assert found[0].hours == pytest.approx(-1 / 6)  # later frames are in it
    assert context.in_order(found)[0].number == found[0].number


def test_c3_serves_c2(make_frame):
    y, x = np.mgrid[0:1024, 0:1024]
    counts = (900 + 1e5 / np.hypot(x - 512, y - 512).clip(40)).round().astype(np.int16)
    c2 = calibrate_on_detector(
        read_frame(make_frame(counts, DETECTOR="C2", FILTER="Orange", CRPIX1=511.2, CRPIX2=507.5)),
        load_calibration_set(),
    )
    (found,) = _aligned(c2, make_frame(**EARLIER))
    assert "C3 CLEAR/CLEAR" in found.kind
    far = np.hypot(x - 511, y - 507) * 11.9 / 970
    assert not found.observed[far < 4.3].any()
    assert found.observed[(far > 4.7) & (far < 6)].mean() > 0.8
    assert np.isfinite(found.image[found.observed]).all()
