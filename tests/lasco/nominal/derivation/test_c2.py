"""The nominal set of C2: its fit on a made-up sky, its files, and what it makes of real frames."""

from __future__ import annotations

from itertools import pairwise

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.geometry import distortion
from corinpaint.lasco.geometry.observer import soho_observer
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.nominal import c2
from corinpaint.lasco.nominal.derivation import c2 as derivation
from corinpaint.lasco.nominal.derivation.official_c2 import read_official
from corinpaint.lasco.photometry import optics
from corinpaint.lasco.photometry.corkit import calfactor, offset_bias

C2 = {"DETECTOR": "C2", "FILTER": "Orange", "POLAR": "Clear", "EXPTIME": 25.1}
DEPTH, OFFSET = 0.4, 0.03


def _truth(radius, angle):
    """Share of the light that passes: none at the rim, a field stop, a pylon, and a centre beside the occulter."""
    law = np.clip(0.9 * (radius - 165) / 320, 0.01, 0.9) * (1 - 0.002 * np.clip(radius - 515, 0, None))
    pylon = DEPTH * np.exp(-(((angle - c2.PYLON_ANGLE) / 15) ** 4))
    return law * (1 - pylon) * np.exp(OFFSET * np.cos(np.radians(angle)))


def _sky(radius, angle):
    """Brightness, MSB: brighter at the equator, and a streamer in the west alone."""
    west = np.radians(angle)
    return 3e-8 * radius**-2.4 * (1 + 0.3 * np.cos(2 * west) + 0.1 * np.cos(west) ** 4 * (np.cos(west) > 0))


@pytest.fixture(scope="module")
def made_up(make_frame, tmp_path_factory):
    """An official file of a sky, and frames of it with SOHO upright and upside down."""

    def frame(roll):
        cards = {**C2, "CROTA1": roll}
        blank = read_frame(make_frame(np.full((1024, 1024), 1000, np.int16), **cards))
        seen = _sky(*derivation.sky_coordinates(blank))
        places = (a.astype(float) for a in c2.polar_coordinates(distortion.C2_OCCULTER_CENTRE))
        counts = offset_bias(blank) + seen * _truth(*places) / calfactor(blank) * 25.1
        return read_frame(make_frame(counts.clip(1, 14000).round().astype(np.int16), **cards))

    frames = [frame(0.0), frame(180.0)]
    scale = 11.9 / soho_observer(frames[0].date).radius
    y, x = np.mgrid[0:1024, 0:1024].astype(float)
    x, y = x - 510.2, y - 506.9
    image = _sky(np.hypot(x, y).clip(150) * scale, np.degrees(np.arctan2(y, x)))
    header = fits.Header({"CDELT1": 95.2, "CDELT2": 95.2, "CRPIX1": 64.5, "CRPIX2": 64.5, "CROTA1": 0.0})
    header["CRVAL1"], header["CRVAL2"] = (511.5 - 510.2) * 11.9, (511.5 - 506.9) * 11.9
    header["RSUN"], header["FILENAME"] = soho_observer(frames[0].date).radius, "25000001.fts"
    path = tmp_path_factory.mktemp("official") / "25000001.fts"
    fits.writeto(path, image.reshape(128, 8, 128, 8).mean(axis=(1, 3)), header)
    return read_official(path), frames


@pytest.fixture(scope="module")
def fitted(made_up):
    official, frames = made_up
    return derivation.fit(official, frames, frames)


@pytest.mark.slow
def test_the_fit_finds_a_known_vignetting(fitted):
    truth = _truth(c2.RINGS[:, None], c2.SECTORS[None, :])
    rings = (c2.RINGS > 185) & (c2.RINGS < 500)
    apart = np.abs(fitted.transmission / truth - 1)[rings]
    assert np.median(apart) < 0.01
    assert apart.max() < 0.06


def test_the_fit_finds_the_field_stop_in_the_corners(fitted):
    truth = _truth(c2.RINGS[:, None], c2.SECTORS[None, :])
    diagonals = (c2.SECTORS[:, None] - np.array([45, 135, 225, 315]) + 180) % 360 - 180
    corners = np.abs(diagonals).min(axis=1) < 8
    rings = (c2.RINGS > 520) & (c2.RINGS < 640)
    assert np.abs(fitted.transmission / truth - 1)[rings][:, corners].max() < 0.03


@pytest.mark.slow
def test_what_the_sky_shows_on_one_side_alone_is_not_taken_for_vignetting(made_up):
    """The streamer in the west is seen at two places of the detector; only the offset of the centre stays."""
    official, frames = made_up
    offset, corona, pylon = derivation.separate(derivation.fixed_on_detector(frames, official))
    ring = np.argmin(np.abs(c2.RINGS - 350))
    assert offset[ring] == pytest.approx(OFFSET * np.cos(np.radians(c2.SECTORS)), abs=0.005)
    assert corona[ring].max() == pytest.approx(0.35, abs=0.1)
    assert pylon[ring].min() == pytest.approx(1 - DEPTH, abs=0.02)


def test_a_set_is_read_as_it_was_written(fitted, tmp_path):
    derivation.write(fitted, tmp_path)
    vignetting, field = c2.read(tmp_path)
    radius, angle = (a.astype(float) for a in c2.polar_coordinates(distortion.C2_OCCULTER_CENTRE))
    ring = (radius > 190) & (radius < 500)
    assert vignetting.dtype == np.float32
    assert np.abs(vignetting * _truth(radius, angle) - 1)[ring].max() < 0.08
    assert np.array_equal(field, derivation.field_of_view())


@pytest.mark.slow
def test_frames_of_one_orientation_are_refused(made_up):
    official, frames = made_up
    with pytest.raises(CalibrationError, match="same orientation"):
        derivation.fit(official, frames, frames[:1])


@pytest.fixture(scope="module")
def official(shared):
    return read_official(shared / "c2_level1" / "25299383_128px.fts.gz")


@pytest.mark.slow
def test_the_shipped_set_can_be_derived_again(shared, official):
    with fits.open(optics.NOMINAL_DIRECTORY / c2.FILES[0]) as hdus:
        header, shipped = hdus[0].header, hdus[0].data * c2.UNIT
    lines = "".join(f"{line:<72}" for line in header["HISTORY"]).replace("minimum:", "|").replace("structure:", "|")
    numbers = [part.split() for part in lines.split("|")[1:]]
    groups = [[read_frame(shared / "c2_level05" / f"{n}.fts.gz") for n in part] for part in numbers]
    assert header["OFFICIAL"] == official.number
    found = derivation.fit(official, *groups).transmission
    inside = (c2.RINGS > derivation.MIN_FIELD_RADIUS) & (c2.RINGS < 640)
    assert np.abs(found / shipped - 1)[inside].max() < 0.02


RADII = (2.2, 2.4, 2.6, 2.8, 3.0, 3.25, 3.5, 4.0, 4.5, 5.0, 5.5, 6.0, 6.5)


def _medians(image, header, equator=None, radii=RADII):
    """Median brightness per bin of the radii; of pixels within 45 degrees of the equator, of the poles, or of all."""
    y, x = np.indices(image.shape)
    x = (x + 1 - header["CRPIX1"]) * header["CDELT1"] + header["CRVAL1"]
    y = (y + 1 - header["CRPIX2"]) * header["CDELT2"] + header["CRVAL2"]
    radius, angle = np.hypot(x, y) / header["RSUN"], np.arctan2(y, x) + np.radians(header["CROTA1"])
    side = np.ones(image.shape, bool) if equator is None else (np.abs(np.sin(angle)) < np.sqrt(0.5)) == equator
    rings = [(radius >= low) & (radius < high) & side for low, high in pairwise(radii)]
    return np.array([np.nanmedian(image[ring]) for ring in rings])


@pytest.mark.parametrize("equator", [None, True, False])
@pytest.mark.parametrize("number", ["22321894", "22322749", "22323311"])
def test_a_frame_of_the_minimum_has_the_brightness_of_the_official_file(shared, number, equator):
    """Within 2 sigma of what the product states; near the rim, frames of 100 s saturate."""
    with fits.open(shared / "c2_level1" / "25299383_128px.fts.gz") as hdus:
        theirs = _medians(hdus[0].data, hdus[0].header, equator)
    product = calibrate(read_frame(shared / "c2_level05" / f"{number}.fts.gz"))
    ratio = _medians(product.data, product.header, equator) / theirs
    middles = (np.array(RADII[1:]) + RADII[:-1]) / 2
    first = 0 if product.header["EXPTIME"] < 50 else 2
    assert (np.abs(ratio - 1) < 2 * c2.relative_error(middles))[first:].all()
    assert ratio[first:].mean() == pytest.approx(1, abs=0.04)


@pytest.mark.slow
@pytest.mark.parametrize(("number", "share"), [("22322749", 0.76), ("22460140", 0.79), ("22493750", 0.80)])
def test_official_c2_is_fainter_than_official_c3_where_they_overlap(shared, number, share):
    """By a fifth to a quarter at all radii: the scales of the telescopes differ, the shape of the field does not."""
    theirs = calibrate(read_frame(shared / "c3_level05" / "32219521.fts.gz"))
    ours = calibrate(read_frame(shared / "c2_level05" / f"{number}.fts.gz"))
    seen = [_medians(product.data, product.header, radii=(5.0, 5.5, 6.0, 6.5, 7.0)) for product in (ours, theirs)]
    ratio = seen[0] / seen[1]
    assert ratio == pytest.approx(share, abs=0.04)


@pytest.mark.slow
def test_the_shadow_of_the_pylon_is_corrected_on_either_side_of_the_sun(shared):
    """Behind the pylon and opposite to it, in the mean of days on which SOHO was upside down and upright."""
    vignetting, _ = c2.read(optics.NOMINAL_DIRECTORY)
    ratios = []
    for number in ("22455060", "22468218", "22475820", "22483753", "22488624", "22498040", "22508362", "22524068"):
        frame = read_frame(shared / "c2_level05" / f"{number}.fts.gz")
        table = derivation.cell_medians(derivation.uncorrected_brightness(frame) * vignetting)
        rings = (c2.RINGS > 260) & (c2.RINGS < 600)
        behind, opposite = (np.abs(c2.SECTORS - angle) < 15 for angle in (c2.PYLON_ANGLE, c2.PYLON_ANGLE - 180))
        ratios.append(np.nanmedian(table[rings][:, behind], axis=1) / np.nanmedian(table[rings][:, opposite], axis=1))
    assert np.exp(np.mean(np.log(ratios), axis=0)) == pytest.approx(1, abs=0.15)
