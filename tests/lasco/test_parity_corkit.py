"""CorKit 1.0.16 step by step: what it gives, what SolarSoft's formula gives, and what we give."""

from __future__ import annotations

import asyncio
import importlib
import subprocess
import sys
import types
from datetime import datetime
from typing import ClassVar

import numpy as np
import official_tree
import pytest
from astropy.io import fits
from astropy.time import Time
from astropy.wcs import WCS, FITSFixedWarning, InconsistentAxisTypesError
from corkit_header import as_corkit_reads
from level05 import BIAS

from corinpaint.lasco.errors import NotFitsError
from corinpaint.lasco.geometry import distortion, pointing
from corinpaint.lasco.level05 import readout
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1.calibrate import calibrate
from corinpaint.lasco.level1.product import Flag, read_level1
from corinpaint.lasco.options import parse
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.reference_files import catalogue, fetch

DAY = 52282
CLEAR = 7.43e-8 * (DAY - 50000) + 5.96e-3


def _private(name, **stubs):
    """A module of CorKit whose heavy imports are replaced; the interpreter's modules stay as they were."""
    kept = {key: sys.modules.pop(key) for key in (name, *stubs) if key in sys.modules}
    sys.modules.update(stubs)
    try:
        return importlib.import_module(name)
    finally:
        for key in (name, *stubs):
            sys.modules.pop(key, None)
        sys.modules.update(kept)


class _Stub(types.ModuleType):
    """A module whose every name is a class that takes anything and does nothing."""

    def __getattr__(self, name):
        if name.startswith("__"):
            raise AttributeError(name)
        return type(name, (), {"__init__": lambda *_, **__: None})


@pytest.fixture(scope="module")
def lasco():
    """``corkit.lasco`` without its network."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("MPLBACKEND", "Agg")
        module = _private("corkit.lasco", **{"corkit.reconstruction": _Stub("corkit.reconstruction")})
    module.dl_image = lambda _model, image, *_: image
    return module


@pytest.fixture(scope="module")
def utils():
    return importlib.import_module("corkit.utils")


@pytest.fixture
def no_tables(monkeypatch, tmp_path, lasco, utils):
    """CorKit's data folder, empty."""
    for module in (lasco, utils):
        monkeypatch.setattr(module, "DEFAULT_SAVE_DIR", str(tmp_path / "corkit"))
    return tmp_path / "corkit"


# The calibration of a frame

ARGS = (None, None, None)
"""Network and transforms of the fill, which is bypassed."""


@pytest.fixture
def images():
    """Vignetting before and after 1998, mask, stray light, background: smooth, none symmetric."""
    y, x = np.mgrid[0:1024, 0:1024] / 1024
    return 1 + x, 1 + 0.5 * y, (np.hypot(x - 0.5, y - 0.4) < 0.45) * 1.0, 3e-12 * (1 + x * y), np.ones_like(x)


@pytest.mark.slow
@pytest.mark.usefixtures("no_tables")
def test_the_arithmetic_of_c3_calibrate_is_right_and_its_image_transposed(lasco, make_frame, official, images):
    frame = read_frame(make_frame())
    theirs, _ = lasco.c3_calibrate(
        frame.data.astype(np.float64), as_corkit_reads(make_frame()), *images, *ARGS, NO_MASK=True
    )
    with_offset, by_hand = (
        (frame.data.astype(np.float64) - bias) / 19.1 * images[1] * CLEAR * 1e-10 - images[3]
        for bias in (377.741, BIAS)
    )
    assert np.allclose(theirs.T, with_offset, rtol=1e-12, atol=1e-24)
    assert np.abs(theirs / with_offset - 1).max() > 0.1
    assert np.allclose(
        calibrate_on_detector(frame, load_calibration_set(official)).brightness, by_hand, rtol=2e-7, atol=4e-19
    )


@pytest.mark.slow
def test_corkits_fill_treats_a_sixth_of_a_complete_frame_as_missing_and_replaces_every_pixel(make_frame):
    torch = pytest.importorskip("torch")
    reconstruction = importlib.import_module("corkit.reconstruction")
    image = read_frame(make_frame()).data + np.random.default_rng(0).random((1024, 1024), dtype=np.float32)
    forward, inverse = reconstruction.transforms()
    _, _, mask = forward(image, image)
    assert 0.15 < float((mask == 0).float().mean()) < 0.22

    def constant(x, mask):
        return torch.full_like(x, 0.5), mask

    filled = reconstruction.dl_image(constant, image, image, forward, inverse)
    assert np.unique(filled).size == 1
    product = calibrate(read_frame(make_frame()), load_calibration_set())
    assert product.header["NMISSING"] == 0


@pytest.fixture
def one_file(lasco, no_tables, monkeypatch, images, make_frame, tmp_path):  # noqa: ARG001
    """The file of a frame with a missing block, with CorKit's readers, warp and last step replaced."""
    monkeypatch.setattr(lasco, "_read_vig_full", lambda: images[:2])
    monkeypatch.setattr(lasco, "_read_mask_full", lambda: images[2])
    monkeypatch.setattr(lasco, "_read_ramp_full", lambda: images[3])
    monkeypatch.setattr(lasco, "_read_bkg_full", lambda: images[4])
    monkeypatch.setattr(lasco, "transforms", lambda: (None, None))
    monkeypatch.setattr(lasco, "normal_model_reconstruction", lambda: None)
    monkeypatch.setattr(lasco, "c3_warp", lambda image, header: (image.T, header))  # as its warp_tri transposes
    monkeypatch.setattr(lasco, "final_step", lambda _path, _kind, image, header, *_, **__: (image, header))
    path = tmp_path / "32082037.fts"
    path.write_bytes(make_frame(missing=((20, 10),)))
    return path


def test_level_1_fails_for_one_file(lasco, one_file):
    with pytest.raises(IndexError):
        lasco.level_1(str(one_file))
    assert calibrate(read_frame(one_file)).header["NMISSING"] == 1


def test_level_1_of_a_list_multiplies_by_the_vignetting_again_and_zeroes_the_transposed_block(
    lasco, one_file, images, official
):
    ((theirs, _),) = lasco.level_1([str(one_file)])
    frame = read_frame(one_file)
    calibrated = (frame.data.astype(np.float64) - 377.741) / 19.1 * images[1] * CLEAR * 1e-10 - images[3]
    good = np.ones((1024, 1024), dtype=bool)
    good[320:352, 640:672] = False  # row 10, column 20, where row 20, column 10 was lost
    for row, column in ((i, j) for i in range(32) for j in range(32)):
        good[32 * column : 32 * column + 32, 32 * row : 32 * row + 32] &= frame.data[32 * row + 5, 32 * column + 5] > 0
    assert np.allclose(theirs[good], (calibrated * images[2] * images[1])[good], rtol=1e-9, atol=1e-21)
    assert (theirs[320:352, 640:672] == 0).all()
    assert (theirs[640:672, 320:352] < 0).all()  # the missing block itself: minus the bias
    product = calibrate(frame, load_calibration_set(official), parse(["no-warp"]))
    assert np.isnan(product.data[640:672, 320:352]).all()
    assert np.isfinite(product.data[325:345, 645:665]).all()


def test_level_1_deletes_a_file_that_it_cannot_read(lasco, tmp_path):
    path = tmp_path / "32082037.fts"
    path.write_bytes(b"cut off by the network")
    with pytest.raises(NotFitsError):
        read_frame(path)
    assert path.exists()
    with pytest.raises(UnboundLocalError):
        lasco.level_1(str(path))
    assert not path.exists()


# Geometry and time


def test_the_distortion_of_c3_is_ten_times_too_weak_in_corkit_and_that_of_c2_is_right(utils):
    mm = 0.021 * 200
    by_hand = mm * (-0.0151657 + 0.000165455 * mm**2) / 0.021
    assert by_hand == pytest.approx(-2.45, abs=0.002)
    assert utils.c3_distortion(200.0, 56.0) / 56 - 200 == pytest.approx(by_hand / 10, rel=1e-9)
    assert distortion.radial_shift(200.0) == pytest.approx(by_hand, rel=1e-12)
    c2 = mm * (0.0051344125 - 0.00012233862 * mm**2 + 1.0978595e-7 * mm**4) / 0.021
    assert utils.c2_distortion(200.0, 11.9) / 11.9 - 200 == pytest.approx(c2, rel=1e-9)
    assert distortion.radial_shift(200.0, "C2") == pytest.approx(c2, rel=1e-12)


def test_warp_tri_transposes(utils):
    x, y = (grid.ravel() * 32.0 for grid in np.meshgrid(np.arange(3), np.arange(3)))
    image = np.random.default_rng(0).random((64, 64), dtype=np.float32)
    assert np.allclose(utils.warp_tri(x, y, x, y, image), image.T, atol=1e-6)
    same = distortion.product_map(distortion.Geometry("C3", (30.0, 30.0), (64, 64), warp=False)).image(image)
    assert np.array_equal(same, image)


def test_utc2tai_is_419_seconds_off_in_october_2003(utils):
    seconds = (datetime(2003, 10, 28) - datetime(1958, 1, 1)).total_seconds() + 32
    assert utils.utc2tai(datetime(2003, 10, 28)) - seconds == 419
    assert pointing.tai_seconds(Time("2003-10-28", scale="utc")) == pytest.approx(seconds, abs=1e-6)
    back = utils.tai2utc(utils.utc2tai(datetime(2003, 10, 28)))
    assert back == datetime(2003, 10, 28)  # wrong both ways, so that it looks right


def test_fixwrap_is_one_short(utils):
    counts = np.array([-1, -32768, 5], dtype=np.int64)
    assert utils.fixwrap(counts).tolist() == [65534, 32767, 5]
    assert readout.unwrap(counts).tolist() == [65535, 32768, 5]


# The product


@pytest.fixture
def finished(lasco, monkeypatch, make_frame):
    """Image and header of CorKit's last step for a product with a masked corner."""
    monkeypatch.setattr(lasco, "adjust_hdr", lambda _: {"roll": -0.23, "xpos": 517.956, "ypos": 532.632})
    image = np.full((1024, 1024), 2e-11)
    image[:100, :100] = 0
    header = as_corkit_reads(make_frame(OBT_TIME=1.0, DATASAT=0))
    header["TIME-OBS"] = header["TIME-OBS"].strip()
    return lasco.final_step(None, "fits", image, header, 1, 1, NOSTAT=True)


def test_the_wcs_of_final_step_is_refused_by_readers(finished, make_frame):
    _, header = finished
    assert (header["CTYPE1"], header["CTYPE2"]) == ("HPLN-TAN", "HPLN-TAN")
    axes = fits.Header({key: header[key] for key in ("CTYPE1", "CTYPE2", "CRPIX1", "CRPIX2", "CDELT1", "CDELT2")})
    with pytest.raises(InconsistentAxisTypesError), pytest.warns(FITSFixedWarning, match="Inconsistent projection"):
        WCS(axes)
    ours = calibrate(read_frame(make_frame())).header
    assert list(WCS(ours).wcs.ctype) == ["HPLN-TAN", "HPLT-TAN"]


def test_masked_pixels_of_final_step_read_as_half_of_the_range(finished, make_frame, tmp_path):
    image, header = finished
    assert header["BSCALE"] * image[0, 0] + header["BZERO"] == pytest.approx(3.25e-9, abs=0, rel=1e-4)
    product = calibrate(read_frame(make_frame()))
    back = read_level1(product.write(tmp_path))
    assert (back.masked == np.isnan(product.data)).all()
    assert back.masked[product.mask & Flag.OCCULTED > 0].all()


def test_a_tab_in_history_stops_save_to_fits(utils, make_frame, tmp_path):
    raw_file = make_frame(OBT_TIME=1.0, DATASAT=0).replace(b"offset_bias.pro 1.24", b"offset_bias.pro\t1.24")
    header = fits.Header.fromstring(raw_file[: raw_file.index(b"END" + b" " * 77) + 80])
    with pytest.raises(fits.VerifyError, match="Unprintable string"):
        utils.save_to_fits(np.zeros((4, 4)), header, str(tmp_path / "out.fits"))
    path = calibrate(read_frame(raw_file)).write(tmp_path)
    assert "offset_bias.pro 1.24" in str(fits.getheader(path)["HISTORY"])


# Files and import


class _Page:
    """A session of aiohttp that answers every request with an error page."""

    status = 404
    asked: ClassVar[dict] = {}

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        return None

    def get(self, _url, **options):
        _Page.asked = options
        return self

    async def read(self):
        return official_tree.PAGE


def test_corkits_download_keeps_an_error_page_and_checks_no_certificate(tmp_path):
    table = catalogue.identify("c3_expfactor_020108.dat")
    heavy = ("torch", "torch.utils", "torch.utils.data", "torchvision", "torchvision.transforms", "gdown", "bs4")
    stubs = {name: _Stub(name) for name in (*heavy, "aiohttp", "aiofiles", "corkit.lasco")}
    dataset = _private("corkit.dataset", **stubs)
    dataset.aiohttp.ClientSession = _Page
    dataset.aiofiles.open = lambda path, mode: _File(path, mode)
    asyncio.run(dataset.download_single("https://example.org/table.dat", str(tmp_path / "theirs.dat")))
    assert (tmp_path / "theirs.dat").read_bytes() == official_tree.PAGE
    assert _Page.asked == {"ssl": False}
    with official_tree.serving([table]) as server:
        server.break_(table, "page")
        report = fetch.fetch(tmp_path / "ours", [table], mirror=server.url)
    assert [asset for asset, _ in report.failed] == [table]
    assert not list((tmp_path / "ours").rglob("*.dat"))


class _File:
    """A file as aiofiles has it."""

    def __init__(self, path, mode):
        self.file = open(path, mode)  # noqa: PTH123, SIM115

    async def __aenter__(self):
        return self

    async def __aexit__(self, *_):
        self.file.close()

    async def write(self, content):
        self.file.write(content)


@pytest.mark.slow
def test_corkits_calibration_cannot_be_imported_without_torch_and_its_formulas_can():
    program = (
        "import sys; sys.modules['torch'] = None\n"
        "import corkit.utils\n"
        "from corinpaint.lasco.photometry.corkit import _corkit_calfactor; _corkit_calfactor('C3')\n"
        "try: import corkit.lasco\n"
        "except ImportError: sys.exit(0)\n"
        "sys.exit('imported')\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
