"""C3 on the detector grid of C2."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from corinpaint.lasco.geometry import distortion
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.restore.neighbours.other_telescope import on_c2

C2_CENTRE, C3_CENTRE = (510.2, 506.5), (517.956, 532.632)
PLATE_SCALE = {"C2": 11.9, "C3": 56.0}


def scene(detector, centre, roll):
    """Distance from the sun in radii, and a corona with rays and waves on it, on the detector."""
    rows, columns = np.mgrid[0:1024, 0:1024].astype(float)
    north = np.arctan2(centre[0] - columns, rows - centre[1]) + np.radians(roll)
    radius = np.hypot(columns - centre[0], rows - centre[1]) * PLATE_SCALE[detector] / 970
    light = (1 + 0.3 * np.cos(7 * north) * np.sin(8 * radius)) / radius.clip(1) ** 2
    occulter = {"C2": distortion.C2_OCCULTER_CENTRE, "C3": distortion.C3_OCCULTER_CENTRES[-1][1]}[detector]
    onto_detector = distortion.distort_map(occulter, detector)
    return onto_detector.image(radius), onto_detector.image(light)


def frame(make_frame, detector, centre, roll, **cards):
    """A telescope that sees it, without its vignetting; headers of these years hold the roll of the spacecraft."""
    of_camera = {"C2": 0.5, "C3": -0.23}[detector]
    cards |= {"CRPIX1": centre[0], "CRPIX2": centre[1], "CROTA1": roll - of_camera}
    raw = make_frame(DETECTOR=detector, FILTER={"C2": "Orange", "C3": "Clear"}[detector], **cards)
    _, light = scene(detector, centre, roll)
    return replace(calibrate_on_detector(read_frame(raw), load_calibration_set()), brightness=light)


@pytest.fixture(scope="module")
def c2(make_frame):
    return frame(make_frame, "C2", C2_CENTRE, 10.0)


@pytest.mark.parametrize("roll", [9.3, -170.7])
def test_structures_lie_where_c2_sees_them_whatever_the_roll_of_c3(c2, make_frame, roll):
    c3 = frame(make_frame, "C3", C3_CENTRE, roll)
    image, known, _ = on_c2(c2, c3, c3.pointing)
    radius, _ = scene("C2", C2_CENTRE, 10.0)
    where = known & c2.field & (radius > 5) & (radius < 6)
    assert where.sum() > 50_000
    waves, seen = ((each * radius**2)[where] for each in (c2.brightness, image))
    assert np.corrcoef(waves, seen)[0, 1] > 0.98


@pytest.mark.slow
def test_nothing_is_known_within_the_inner_limit_or_in_missing_blocks(c2, make_frame):
    complete = frame(make_frame, "C3", C3_CENTRE, 9.3)
    holed = frame(make_frame, "C3", C3_CENTRE, 9.3, missing=((16, 18),))
    radius, _ = scene("C2", C2_CENTRE, 10.0)
    image, known, _ = on_c2(c2, complete, complete.pointing)
    assert not known[radius < 4.4].any()
    assert known[(radius > 4.6) & (radius < 6)].mean() > 0.8
    assert not image[~known].any()
    lost = known & ~on_c2(c2, holed, holed.pointing)[1]
    assert lost.sum() > 1000
    assert (np.ptp(np.nonzero(lost), axis=1) < 33 * 56 / 11.9 * 1.5).all()
