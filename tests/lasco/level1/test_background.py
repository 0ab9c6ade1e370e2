"""The minimum of daily medians: the same as numpy gives, in memory that does not depend on the number of products."""

from __future__ import annotations

import subprocess
import sys
import warnings
from datetime import date

import numpy as np
import products
import pytest
from astropy.io import fits

from corinpaint.lasco.errors import CalibrationError, FrameError, NotFitsError, OptionError
from corinpaint.lasco.inputs.files import find
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1 import background as module
from corinpaint.lasco.level1.background import (
    background_name,
    chosen,
    make_background,
    source_hash,
)
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.level1.collection import Setting, collect
from corinpaint.lasco.level1.compression import round_significant
from corinpaint.lasco.level1.product import Flag, read_planes

SHAPE = (32, 64)
FLAGS = [Flag.FILLED, Flag.NEVER_SENT, Flag.OCCULTED, Flag.SATURATED, Flag.REFUSED]
SMALL_SCENE = 5e-11


def write_month(folder, days=4, frames=5, seed=0, shape=SHAPE):
    """Products with flags here and there; their images, NaN where a flag is, by day."""
    rng, month = np.random.default_rng(seed), []
    for day in range(days):
        images = rng.normal(1, 0.1, (frames, *shape)).astype(np.float32) * np.float32(SMALL_SCENE)
        masks = np.where(rng.random(images.shape) < 0.15, rng.choice(FLAGS, images.shape), 0).astype(np.uint8)
        masks[:, 0, 0] = Flag.OCCULTED
        masks[:3, 1, 1] = Flag.FILLED  # in more than half of the frames
        for frame in range(frames):
            data = np.where(masks[frame] & (Flag.NEVER_SENT | Flag.OCCULTED | Flag.REFUSED), np.nan, images[frame])
            number, when = 35000000 + 100 * day + frame, f"2002-01-{day + 8:02d}T{frame:02d}:30:00"
            products.write(folder, number, when, data, masks[frame], noise=1e-12 * (day + 1))
        month.append(np.where(masks == 0, images, np.nan))
    return month


def background_of(folder, **options):
    ((setting, members),) = collect([folder]).groups.items()
    return make_background(setting, members, **options)


def direct(month):
    """The same by numpy at once: minimum over days, and which day it is of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # all NaN
        medians = np.array([np.nanmedian(day, axis=0) for day in month])
        few = np.array([2 * np.isfinite(day).sum(axis=0) < len(day) for day in month])
        medians[few] = np.nan
        lowest = np.nanmin(medians, axis=0)
        day = np.argmin(np.where(np.isnan(medians), np.inf, medians), axis=0)
    return lowest, day


@pytest.mark.slow
def test_the_background_is_the_minimum_of_daily_medians(tmp_path):
    month = write_month(tmp_path)
    made = background_of(tmp_path, min_frames=5)
    lowest, day = direct(month)
    assert np.array_equal(made.data, lowest.astype(np.float32), equal_nan=True)
    counts = np.array([np.isfinite(images).sum(axis=0) for images in month])
    count = np.take_along_axis(counts, day[None], axis=0)[0]
    noise = np.sqrt(np.pi / 2 / np.maximum(count, 1)) * 1e-12 * (day + 1)
    seen = np.isfinite(lowest)
    assert np.allclose(made.noise[seen], noise[seen], rtol=3e-4)
    assert np.isinf(made.noise[~seen]).all()
    assert np.isinf(made.uncertainty[~seen]).all()
    assert (made.uncertainty >= made.noise).all()


@pytest.mark.parametrize("rows", [1, 7])
def test_strips_of_rows_make_no_difference(tmp_path, monkeypatch, rows):
    month = write_month(tmp_path, days=2)
    monkeypatch.setattr(module, "STRIP_BYTES", rows * 4 * 5 * SHAPE[1])
    assert np.array_equal(background_of(tmp_path, min_frames=1).data, direct(month)[0], equal_nan=True)


@pytest.mark.slow
def test_pixels_without_a_value_have_the_flags_that_all_share_or_are_refused(tmp_path):
    write_month(tmp_path)
    made = background_of(tmp_path, min_frames=5)
    assert np.isnan(made.data[0, 0])
    assert made.mask[0, 0] == Flag.OCCULTED
    assert np.isnan(made.data[1, 1])
    assert made.mask[1, 1] == Flag.REFUSED
    assert (made.mask[np.isfinite(made.data)] == 0).all()


@pytest.mark.slow
def test_the_header_says_what_it_was_made_from(tmp_path):
    write_month(tmp_path, days=3, frames=4)
    made = background_of(tmp_path, min_frames=2)
    header = made.header
    assert made.filename == header["FILENAME"] == "3m1_clcl_64_020109.fts"
    assert (header["NDAYS"], header["NFRAMES"], header["MINFRAME"], header["LEVEL"]) == (3, 12, 2, "2.0")
    assert header["DATE-BEG"] == "2002-01-08T00:30:00.000"
    assert header["DATE-OBS"] == header["DATE-AVG"] == "2002-01-09T02:00:00.000"
    assert header["CALIB"] == "NOMINAL"
    assert header["CREATOR"].startswith("CorInpaint")
    assert len(header["SRCHASH"]) == 64
    history = " ".join(header["HISTORY"])
    assert "2002-01-10, 4 products: 35000200 35000201 35000202 35000203" in history
    assert header["DATAMIN"] == pytest.approx(np.nanmin(made.data), rel=1e-6)
    assert "C3 2002-01-09" in repr(made)


@pytest.mark.slow
def test_the_file_is_read_back_and_is_passed_over_as_a_frame(tmp_path, make_frame):
    write_month(tmp_path / "in", days=2)
    made = background_of(tmp_path / "in", min_frames=2)
    path = made.write(tmp_path, compress="lossless")
    back = read_planes(path)
    assert np.array_equal(back.data, made.data.astype(float), equal_nan=True)
    (tmp_path / "32082037.fts").write_bytes(make_frame())
    assert [item.path.name for item in find([tmp_path]).items] == ["32082037.fts"]
    assert collect([tmp_path]).passed_over == {
        "files that are no products of CorInpaint": [tmp_path / "32082037.fts"],
        "backgrounds and differences": [path],
    }
    with fits.open(path, checksum=True) as hdus:
        hdus.verify("exception")


def test_the_name_is_solarsofts_for_level_1():
    assert background_name(Setting("C3", "CLEAR", "CLEAR", (1024, 1024)), date(2012, 7, 16)) == "3m1_clcl_120716.fts"
    assert background_name(Setting("C2", "DEEPRD", "-60DEG", (1024, 1024)), date(1999, 1, 1)) == "2m1_rdpm_990101.fts"


@pytest.mark.slow
def test_days_with_too_few_products_are_left_out_and_said(tmp_path):
    month = write_month(tmp_path, days=2, frames=5)
    products.write(tmp_path, 35009999, "2002-01-12T03:00:00", np.full(SHAPE, 1e-15))
    made = background_of(tmp_path, min_frames=5)
    assert np.array_equal(made.data, direct(month)[0], equal_nan=True)
    assert made.warnings == ("2002-01-12 has too few products (1 of 5) and is left out",)
    assert "Warning: 2002-01-12 has too few products" in str(made.header["HISTORY"])
    with pytest.raises(FrameError, match="no day has 6 products, the fullest 5"):
        background_of(tmp_path, min_frames=6)


def test_more_than_27_days_are_refused_by_name(tmp_path):
    for day, hour in ((1, 23), (27, 0), (28, 0)):
        products.write(tmp_path, 35000000 + day, f"2002-01-{day:02d}T{hour:02d}:00:00", np.ones(SHAPE))
    ((_, members),) = collect([tmp_path]).groups.items()
    assert len(chosen(members[:2], 1)[0]) == 2
    with pytest.raises(
        OptionError, match=r"35000001\.fits to .*35000028\.fits: 28 days, a background is of 27 at most"
    ):
        chosen(members, 1)


def test_mixed_calibrations_are_refused_by_name(tmp_path):
    write_month(tmp_path, days=1)
    products.write(tmp_path, 35009999, "2002-01-08T13:00:00", np.ones(SHAPE), CALIB="OFFICIAL")
    with pytest.raises(CalibrationError, match=r"35009999\.fits: CALIB = 'OFFICIAL'"):
        background_of(tmp_path, min_frames=1)


def test_products_are_aligned_by_their_sun_centres(tmp_path):
    y, x = np.indices((64, 64))
    for number, (column, row) in enumerate([(30.0, 30.0), (30.0, 30.0), (43.2, 20.9)]):
        scene = 1e-11 / (1 + np.hypot(x + 1 - round(column), y + 1 - round(row)))
        products.write(tmp_path, 35000000 + number, f"2002-01-08T0{number}:00:00", scene, CRPIX1=column, CRPIX2=row)
    made = background_of(tmp_path, min_frames=3)
    expected = 1e-11 / (1 + np.hypot(x + 1 - 30, y + 1 - 30))
    assert (made.header["CRPIX1"], made.header["CRPIX2"]) == (30, 30)
    assert made.header["MAXSHIFT"] == pytest.approx(13.2)
    assert np.allclose(made.data[~np.isnan(made.data)], expected[~np.isnan(made.data)], rtol=1e-6)
    assert np.isfinite(made.data).all()  # two of three frames have each pixel


def test_a_product_that_is_cut_off_is_named(tmp_path):
    write_month(tmp_path, days=1)
    path = tmp_path / "35000002.fits"
    path.write_bytes(path.read_bytes()[:-2880])
    with pytest.raises(NotFitsError, match=r"35000002\.fits"):
        background_of(tmp_path, min_frames=1)


def test_products_without_noise_are_named(tmp_path):
    write_month(tmp_path, days=1, frames=2)
    with fits.open(tmp_path / "35000001.fits") as hdus:
        del hdus["NOISE"]
        hdus.writeto(tmp_path / "earlier.fits")
    (tmp_path / "35000001.fits").unlink()
    with pytest.raises(FrameError, match=r"earlier\.fits: no MASK and NOISE"):
        background_of(tmp_path, min_frames=1)


def test_the_sources_are_known_by_their_hash(tmp_path):
    write_month(tmp_path, days=1)
    ((_, members),) = collect([tmp_path]).groups.items()
    assert source_hash(members) != source_hash(members[1:])
    assert background_of(tmp_path, min_frames=1).header["SRCHASH"] == source_hash(members)


def test_nothing_is_left_in_the_scratch_folder(tmp_path):
    write_month(tmp_path / "in", days=1)
    (tmp_path / "scratch").mkdir()
    background_of(tmp_path / "in", min_frames=1, scratch=tmp_path / "scratch")
    assert list((tmp_path / "scratch").iterdir()) == []


@pytest.mark.slow
def test_memory_does_not_grow_with_the_number_of_products(tmp_path):
    image = np.ones((512, 512), np.float32)
    for frame in range(24):
        products.write(tmp_path, 35000000 + frame, f"2002-01-08T{frame:02d}:00:00", image)
    program = (
        "import sys, tracemalloc\nfrom pathlib import Path\n"
        "from corinpaint.lasco.level1 import background\nfrom corinpaint.lasco.level1.collection import collect\n"
        "background.STRIP_BYTES = 2**20\n"
        "paths = sorted(Path(sys.argv[1]).glob('*.fits'))[:int(sys.argv[2])]\n"
        "((setting, members),) = collect(paths).groups.items()\n"
        "background.make_background(setting, members[:2], min_frames=1)\n"  # imports and caches
        "tracemalloc.start()\nbackground.make_background(setting, members, min_frames=1)\n"
        "print(tracemalloc.get_traced_memory()[1])"
    )
    few, many = (
        int(subprocess.run([sys.executable, "-c", program, tmp_path, n], check=True, capture_output=True).stdout)
        for n in ("4", "24")
    )
    assert many < few + image.nbytes


@pytest.mark.slow
def test_streamers_of_real_frames_are_brighter_than_their_background(shared, tmp_path):
    for day in ("224906", "224911", "224937"):
        for path in sorted((shared / "c2_level05").glob(f"{day}*.fts.gz")):
            calibrate(read_frame(path)).write(tmp_path, compress="lossless")
    made = background_of(tmp_path, min_frames=4)
    last = read_planes(tmp_path / "25493753.fits")
    seen = np.isfinite(made.data) & np.isfinite(last.data)
    assert seen.mean() > 0.8
    excess = ((last.data - made.data) / np.hypot(last.noise, made.noise))[seen]
    assert np.mean(excess > -3) > 0.95
    assert np.array_equal(round_significant(made.noise), made.noise)
