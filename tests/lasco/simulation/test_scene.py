"""The simulator: whole and consistent files, repeatable, and like real frames."""

from __future__ import annotations

import dataclasses
import hashlib
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from scipy import ndimage

from corinpaint.lasco.errors import OutputError
from corinpaint.lasco.geometry import distortion
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level05.frame import Frame, read_frame
from corinpaint.lasco.level1 import calibrate
from corinpaint.lasco.photometry import corkit, noise, photometry
from corinpaint.lasco.photometry.optics import load_calibration_set, load_optics, occulted_on_detector
from corinpaint.lasco.photometry.reception import received
from corinpaint.lasco.simulation import camera, corona
from corinpaint.lasco.simulation.scene import Simulation, simulate, simulate_sequence, write, write_truth

REAL_HEADER = (
    "FILENAME FILEORIG DATE DATE-OBS TIME-OBS P1COL P1ROW P2COL P2ROW VERSION EXPTIME EXP0 EXPCMD EXP1 EXP2 EXP3 "
    "TELESCOP INSTRUME DETECTOR READPORT SUMROW SUMCOL LEBXSUM LEBYSUM SHUTTR LAMP FILTER POLAR LP_NUM OS_NUM IMGCTR "
    "IMGSEQ COMPRSSN HCOMP_SF MID_DATE MID_TIME PLATESCL OFFSET IMAGE_CT SEQ_NUM OBT_TIME R1COL R1ROW R2COL R2ROW "
    "EFFPORT RECTIFY DATAMIN DATAMAX DATAZER DATASAT DATAAVG DATASIG DATAP01 DATAP10 DATAP25 DATAP75 DATAP90 DATAP95 "
    "DATAP98 DATAP99 CRPIX1 CRPIX2 CRVAL1 CRVAL2 CROTA1 CROTA2 CTYPE1 CTYPE2 CUNIT1 CUNIT2 CDELT1 CDELT2"
).split()
"""Keywords of real Level 0.5 files of C3 in their order, after NAXIS2."""


DATE, EXPTIME = "2002-01-08T02:18:05.594", 5.0

GIVEN = np.zeros((32, 32), dtype=bool)
GIVEN[10:12, 20:22] = True


@pytest.fixture(scope="module")
def simulation() -> Simulation:
    """An exposure without a mass ejection."""
    return simulate(7)


@pytest.fixture(scope="module")
def erupting() -> Simulation:
    """The same with a CME and other missing blocks."""
    return simulate(7, cme=True, missing=GIVEN)


@pytest.fixture(scope="module")
def another() -> Simulation:
    return simulate(21)


@pytest.fixture(scope="module")
def short() -> Simulation:
    return simulate(11, date=DATE, exptime=EXPTIME)


@pytest.fixture(scope="module")
def file(simulation: Simulation, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write(simulation, tmp_path_factory.mktemp("simulated") / str(simulation.frame.header["FILENAME"]))


def as_complete(simulation: Simulation) -> Frame:
    return dataclasses.replace(simulation.frame, data=simulation.complete)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_bytes(simulation: Simulation, file: Path, tmp_path: Path) -> None:
    again = simulate(7)
    assert hashlib.sha256(write(again, tmp_path / "again.fts").read_bytes()).hexdigest() == (
        hashlib.sha256(file.read_bytes()).hexdigest()
    )
    first, second = (write_truth(s, tmp_path / f"truth{k}.fits") for k, s in enumerate((simulation, again)))
    assert first.read_bytes() == second.read_bytes()


@pytest.mark.slow
def test_another_seed_gives_another_corona(simulation: Simulation, another: Simulation) -> None:
    assert not np.allclose(another.brightness, simulation.brightness, rtol=0.01)


@pytest.mark.slow
def test_the_exposure_does_not_depend_on_the_missing_blocks(simulation: Simulation) -> None:
    whole = simulate(7, missing=0)
    assert not whole.missing.any()
    np.testing.assert_array_equal(whole.complete, simulation.complete)
    np.testing.assert_array_equal(whole.frame.data, simulation.complete)


def test_the_file_reads_back_as_the_frame(simulation: Simulation, file: Path) -> None:
    frame = read_frame(file)
    np.testing.assert_array_equal(frame.data, simulation.frame.data)
    assert frame.number == simulation.frame.number
    assert frame.number.startswith("32")
    assert frame.date == simulation.frame.date
    photometry.check_supported(frame)


def test_the_file_has_the_cards_of_real_ones_in_their_order(file: Path) -> None:
    header = fits.getheader(file)
    assert header["BITPIX"] == 16
    keys = [key for key in header if key in REAL_HEADER]
    assert keys == REAL_HEADER
    assert any(line.startswith("offset_bias.pro") for line in header["HISTORY"])
    assert any("not an observation" in line for line in header["HISTORY"])


def test_the_statistics_in_the_header_are_those_of_the_received_pixels(file: Path) -> None:
    data, header = fits.getdata(file, header=True)
    assert header["DATAZER"] == np.count_nonzero(data == 0)
    assert header["DATAMAX"] == data.max()
    assert header["DATAAVG"] == pytest.approx(data[data != 0].mean(), abs=0.01)


def test_missing_blocks_are_zero_and_all_other_pixels_are_those_of_the_complete_exposure(
    simulation: Simulation,
) -> None:
    assert simulation.missing.any()
    np.testing.assert_array_equal(
        received(simulation.frame, float(simulation.frame.header["OFFSET"])).missing, simulation.missing
    )
    gone = blocks.to_pixels(simulation.missing)
    assert not simulation.frame.data[gone].any()
    assert simulation.complete[gone].all()
    np.testing.assert_array_equal(simulation.frame.data[~gone], simulation.complete[~gone])
    assert not simulation.complete[blocks.to_pixels(blocks.never_sent())].any()


def test_the_truth_file_contains_the_missing_pixels(simulation: Simulation, tmp_path: Path) -> None:
    with fits.open(write_truth(simulation, tmp_path / "truth.fits")) as hdus:
        np.testing.assert_array_equal(hdus["COMPLETE"].data, simulation.complete)
        np.testing.assert_array_equal(hdus["BRIGHTNESS"].data, simulation.brightness)
        np.testing.assert_array_equal(hdus["MISSING"].data.astype(bool), simulation.missing)


def test_an_existing_file_is_not_replaced_without_overwrite(simulation: Simulation, tmp_path: Path) -> None:
    path = write(simulation, tmp_path / "32000007.fts")
    with pytest.raises(OutputError, match="there already"):
        write(simulation, path)
    write(simulation, path, overwrite=True)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["simulation", "another", "short"])
def test_calibrating_the_complete_exposure_gives_the_scene_within_the_noise(
    name: str, request: pytest.FixtureRequest
) -> None:
    simulation, calibration = request.getfixturevalue(name), load_calibration_set()
    frame = as_complete(simulation)
    vignetting = load_optics(calibration).vignetting(frame.mjd)
    seen = ~occulted_on_detector(load_optics(calibration), distortion.occulter_centre(frame.date))
    seen &= ~blocks.to_pixels(blocks.never_sent()) & (vignetting < 5) & (frame.data < 10000)
    per_count = (corkit.calfactor(frame) / frame.exptime * vignetting)[seen]
    signal = frame.data[seen] - float(frame.header["OFFSET"])
    variance = signal.clip(0) / noise.GAIN["C3"] + noise.READ_NOISE["C3"] ** 2 + (noise.FLAT_FIELD["C3"] * signal) ** 2
    sigma = np.sqrt(variance + camera.COMPRESSION_STEP**2 / 12) * per_count
    departure = (
        calibrate.calibrate_on_detector(frame, calibration).brightness[seen] - simulation.brightness[seen]
    ) / sigma
    assert abs(np.median(departure)) < 0.03
    assert np.quantile(np.abs(departure), 0.68) < 1.1
    assert np.quantile(np.abs(departure), 0.997) < 4


@pytest.mark.slow
def test_a_cme_brightens_the_corona(simulation: Simulation, erupting: Simulation) -> None:
    quiet, brighter = (without_stars(s.brightness) for s in (simulation, erupting))
    assert (brighter - quiet).max() > 3e-12


def without_stars(brightness: np.ndarray) -> np.ndarray:
    """Medians over 16 x 16 px."""
    return np.median(brightness.reshape(64, 16, 64, 16), axis=(1, 3))


def test_date_and_exposure_time_are_the_requested_ones(short: Simulation) -> None:
    frame = short.frame
    assert frame.header["DATE-OBS"] == "2002/01/08"
    assert frame.header["TIME-OBS"] == "02:18:05.594"
    assert frame.header["FILEORIG"] == "020108_021805.img"
    assert frame.mjd == 52282
    assert frame.exptime == EXPTIME
    assert frame.header["EXP0"] + frame.header["EXP3"] == pytest.approx(EXPTIME)


def test_the_given_blocks_are_missing(erupting: Simulation) -> None:
    np.testing.assert_array_equal(erupting.missing, GIVEN)


@pytest.mark.parametrize(
    ("missing", "message"),
    [(np.ones((2, 2), dtype=bool), "shape"), (blocks.never_sent(), "never sent"), (-1, "count"), (1000, "count")],
)
def test_impossible_missing_blocks_are_refused(missing: np.ndarray | int, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        simulate(1, missing=missing)


def test_compression_leaves_multiples_of_32_in_sums_of_two_by_two_pixels(simulation: Simulation) -> None:
    whole = simulation.complete[320:704, 64:960]
    differences = whole[::2, ::2] + whole[::2, 1::2] - whole[1::2, ::2] - whole[1::2, 1::2]
    assert not (differences % 32).any()


@pytest.mark.slow
def test_profile_and_noise_are_those_of_real_frames(real_frames: list[Path]) -> None:
    real = read_frame(next(path for path in real_frames if path.name.startswith("32180009")))
    made = simulate(2, date=real.date.isot, exptime=real.exptime, cme=False)
    (rate, noise), (made_rate, made_noise) = profile(real), profile(as_complete(made))
    np.testing.assert_allclose(made_rate, rate, rtol=0.25)
    np.testing.assert_allclose(made_noise, noise, rtol=0.25)


def profile(frame: Frame) -> tuple[np.ndarray, np.ndarray]:
    """Median rate (DN/s) and pixel noise (DN, from the Laplacian) on rings right of the occulter."""
    column, row = distortion.occulter_centre(frame.date)
    y, x = np.mgrid[0:1024, 0:1024]
    radius, laplacian = np.hypot(x - column, y - row), ndimage.laplace(frame.data)
    rings = [(x > column) & (np.abs(radius - r) < 2.5) for r in (80, 100, 120, 160, 200, 250, 300, 350, 400, 450, 500)]
    rate = [(np.median(frame.data[ring]) - frame.header["OFFSET"]) / frame.exptime for ring in rings]
    spread = [np.median(np.abs(laplacian[ring] - np.median(laplacian[ring]))) for ring in rings]
    return np.array(rate), 1.4826 * np.array(spread) / np.sqrt(20)


@pytest.mark.slow
def test_a_cme_moves_through_one_corona_in_a_sequence():
    before, near, far = simulate_sequence(3, [None, 6.0, 14.0], missing=[0, 4, GIVEN])
    assert [one.frame.number for one in (before, near, far)] == ["32000003", "32000004", "32000005"]
    assert (far.frame.date - near.frame.date).to_value("min") == pytest.approx(24)
    assert [int(one.missing.sum()) for one in (before, near, far)] == [0, 4, 4]
    assert not np.array_equal(before.complete, near.complete)
    row, column = np.mgrid[:1024, :1024]
    radius = np.hypot(row - corona.SUN_CENTRE[1], column - corona.SUN_CENTRE[0]) / corona.PIXELS_PER_SOLAR_RADIUS
    for one, distance in ((near, 6.0), (far, 14.0)):
        added = one.brightness - before.brightness
        assert np.abs(added[radius > distance * 1.4]).max() < 1e-3 * added.max(), "in front of it nothing changes"
        share = added / corona.equatorial_k_corona(np.maximum(radius, 2.0))
        bright = radius[share > 0.8 * share[radius > 4].max()]
        assert bright.max() > 0.9 * distance
    with pytest.raises(ValueError, match="zip"):
        simulate_sequence(3, [None, 6.0], missing=[0])
