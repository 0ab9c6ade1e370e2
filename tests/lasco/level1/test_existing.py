"""Whether the product of a frame is there: whole, of this frame, made with these settings."""

from __future__ import annotations

import gzip
import hashlib

import hostile
import level05
import pytest
from astropy.io import fits

from corinpaint.lasco import calibrate
from corinpaint.lasco.errors import OutputError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.level1 import existing
from corinpaint.lasco.level1.existing import Settings, State, is_there, state
from corinpaint.lasco.options import parse
from corinpaint.lasco.photometry.optics import load_calibration_set

WANTED = Settings("none", "", "NOMINAL")


@pytest.fixture
def frame(tmp_path, make_frame):
    path = tmp_path / "32082037.fts"
    path.write_bytes(make_frame(FILENAME="32082037.fts"))
    return path


@pytest.fixture
def product(frame, tmp_path):
    return calibrate(read_frame(frame)).write(tmp_path / "out")


def test_a_product_is_there_when_it_was_made_from_the_frame(frame, product):
    assert is_there(product, frame, WANTED)
    assert is_there(product, frame)
    assert not is_there(product.with_name("35082038.fits"), frame, WANTED)


def test_the_frame_may_be_compressed_in_the_meantime(frame, product):
    packed = frame.with_name("32082037.fts.gz")
    packed.write_bytes(gzip.compress(frame.read_bytes()))
    assert is_there(product, packed, WANTED)


@pytest.mark.parametrize(
    "cards",
    [
        {"DATE_OBS": "2002/01/09", "MID_DATE": 52283},
        {"TIME_OBS": "02:42:05.594"},
        {"FILEORIG": "020108_024300.img"},
        {"DETECTOR": "C2", "FILTER": "Orange"},
        {"FILTER": "Orange"},
    ],
)
def test_the_product_of_another_frame_is_an_error(frame, product, make_frame, cards):
    frame.write_bytes(make_frame(**cards))
    with pytest.raises(OutputError, match=r"35082037.fits: is there already, made from another frame than .*32082037"):
        is_there(product, frame, WANTED)


@pytest.mark.parametrize(
    ("settings", "card"),
    [
        (Settings(fill="network"), "FILL = 'none', not 'network'"),
        (Settings(departures="no-warp"), "CALOPT = 'none', not 'no-warp'"),
        (Settings(calibration="OFFICIAL"), "CALIB = 'NOMINAL', not 'OFFICIAL'"),
    ],
)
def test_a_product_that_was_made_in_another_way_is_an_error_that_names_the_keyword(frame, product, settings, card):
    with pytest.raises(OutputError, match="--overwrite") as refused:
        is_there(product, frame, settings)
    assert card in str(refused.value)


def test_the_options_that_a_product_was_made_with_are_compared(frame, tmp_path):
    product = calibrate(read_frame(frame), options=parse(["no-warp", "no-roll"])).write(tmp_path / "out")
    assert is_there(product, frame, Settings(departures="no-warp no-roll"))
    with pytest.raises(OutputError, match="CALOPT"):
        is_there(product, frame, WANTED)


def test_a_product_is_absent_current_or_stale(frame, product):
    assert state(product.with_name("gone.fits"), frame, WANTED) == (State.ABSENT, "")
    assert state(product, frame, WANTED) == (State.CURRENT, "")
    assert state(product, frame, Settings(fill="network")) == (State.STALE, "FILL = 'none', not 'network'")


def test_a_later_version_of_the_frame_makes_its_product_stale(frame, product, make_frame):
    assert fits.getheader(product)["L05HASH"] == hashlib.sha256(frame.read_bytes()).hexdigest()
    frame.write_bytes(make_frame(missing=((20, 20),), FILENAME="32082037.fts"))
    found = state(product, frame, WANTED)
    assert found.state is State.STALE
    assert found.difference.endswith("the frame has changed")
    with pytest.raises(OutputError, match=r"is stale .*the frame has changed"):
        is_there(product, frame, WANTED)


def test_a_product_of_an_earlier_version_that_does_not_name_its_file_is_stale(frame, product):
    with fits.open(product, mode="update") as hdus:
        del hdus[0].header["L05HASH"]
    assert state(product, frame).difference.startswith("L05HASH = 'unknown', not ")


@pytest.mark.parametrize(
    ("card", "value", "same", "other"),
    [
        ("FILLPOL", "predicted", Settings(policy="predicted"), Settings(policy="solarsoft")),
        ("FILLPOL", "solarsoft", Settings(policy="solarsoft"), Settings(policy="predicted")),
        ("MAXERR", 1.5, Settings(max_error=1.5), Settings(max_error="none")),
        ("MAXERR", "none", Settings(max_error="none"), Settings(max_error=2.0)),
        ("COMPRESS", "rice", Settings(compress="rice"), Settings(compress="none")),
        ("CTXASKED", "auto", Settings(context="auto"), Settings(context="none")),
        ("USERMASK", "0123456789abcdef", Settings(user_mask="0123456789abcdef"), Settings(user_mask="none")),
    ],
)
def test_limit_compression_and_context_are_compared(frame, product, card, value, same, other):
    with fits.open(product, mode="update") as hdus:
        hdus[0].header["NMISSING"] = 1
        hdus[0].header[card] = value
    assert state(product, frame).state is State.CURRENT
    assert state(product, frame, same).state is State.CURRENT
    assert state(product, frame, other).difference.startswith(f"{card} = {value!r}, not ")


def test_products_that_do_not_say_so_have_no_limit_no_context_and_no_compression(frame, product):
    wanted = Settings(policy="solarsoft", max_error="none", context="none", compress="none")
    assert state(product, frame, wanted).state is State.CURRENT
    assert state(product, frame, Settings(policy="predicted")).difference == "FILLPOL = 'solarsoft', not 'predicted'"


def test_context_does_not_count_where_nothing_is_missing_and_the_roll_is_known(frame, product):
    assert state(product, frame, Settings(context="auto")).state is State.CURRENT
    with fits.open(product, mode="update") as hdus:
        hdus[0].header["POINTSRC"] = "unknown: default sun centre and roll of 0.5 degrees"
    assert state(product, frame, Settings(context="auto")).difference == "CTXASKED = 'none', not 'auto'"


def test_the_files_of_the_calibration_are_compared(frame, product):
    nominal = Settings(calibration_set=load_calibration_set())
    assert state(product, frame, nominal).state is State.CURRENT
    with fits.open(product, mode="update") as hdus:
        hdus[0].header["CALH1"] = "0" * 64
    assert "is another file of that name" in state(product, frame, nominal).difference


def test_a_damaged_or_cut_product_is_stale_unless_it_is_of_another_frame(frame, product, make_frame):
    whole = product.read_bytes()
    header = len(fits.getheader(product).tostring())
    for content in (whole[:-1], whole[:-2880], whole[: len(whole) // 3], whole[: header - 2880], b""):
        product.write_bytes(content)
        assert state(product, frame, WANTED).state is State.STALE
    product.write_bytes(whole[:-1])
    frame.write_bytes(make_frame(FILTER="Orange"))
    with pytest.raises(OutputError, match="made from another frame"):
        state(product, frame, WANTED)


def test_a_damaged_frame_has_no_product_so_that_it_is_reported(frame, product):
    frame.write_bytes(gzip.compress(frame.read_bytes())[:-4000])
    assert state(product, frame, WANTED).state is State.ABSENT


def test_weights_are_compared_where_a_network_was_run(frame, product):
    other = Settings(weights="1" * 64)
    assert is_there(product, frame, other)
    for weights, same in (("1" * 64, True), ("2" * 64, False)):
        with fits.open(product, mode="update") as hdus:
            hdus[0].header["WEIGHTS"] = weights
        if same:
            assert is_there(product, frame, other)
        else:
            with pytest.raises(OutputError, match="WEIGHTS"):
                is_there(product, frame, other)


def test_what_may_not_be_a_product_is_an_error(frame, product):
    beginning = product.read_bytes()[:2000]
    for content in (b"old", frame.read_bytes(), beginning):
        product.write_bytes(content)
        with pytest.raises(OutputError, match="no whole product of CorInpaint; remove it"):
            state(product, frame, WANTED)


def test_a_difference_of_products_is_no_product(frame, product):
    with fits.open(product, mode="update") as hdus:
        hdus[0].header["LEVEL"] = "2.0"
    with pytest.raises(OutputError, match="no whole product of CorInpaint"):
        is_there(product, frame, WANTED)


def test_a_folder_or_a_link_to_nothing_is_an_error(frame, tmp_path):
    (tmp_path / "35082037.fits").mkdir()
    (tmp_path / "gone.fits").symlink_to(tmp_path / "nowhere")
    for name in ("35082037.fits", "gone.fits"):
        with pytest.raises(OutputError, match="is no file"):
            is_there(tmp_path / name, frame)


def test_a_frame_that_cannot_be_read_has_no_product_so_that_it_is_reported(frame, product):
    frame.write_text("damaged")
    assert not is_there(product, frame, WANTED)
    frame.unlink()
    assert not is_there(product, frame, WANTED)


def test_a_corrected_clock_does_not_make_another_frame(frame, product):
    with fits.open(product, mode="update") as hdus:
        hdus[0].header["DATE-OBS"] = "2002-01-08T02:16:05.594"
    assert is_there(product, frame, WANTED)


def test_the_image_is_not_read(frame, product, monkeypatch):
    read = 0

    class Counting:
        def __init__(self, file):
            self.file = file

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

        def __getattr__(self, name):
            return getattr(self.file, name)

        def read(self, size=-1):
            nonlocal read
            content = self.file.read(size)
            read += len(content)
            return content

    opened = type(product).open

    def counted(path, mode):
        return Counting(opened(path, mode)) if path == product else opened(path, mode)

    monkeypatch.setattr(type(product), "open", counted)
    assert is_there(product, frame, WANTED)
    assert 0 < read < 4e5 < product.stat().st_size
    assert {"MASK", "UNCERT"} == existing.EXTENSIONS


def test_a_product_with_a_long_history_is_whole(tmp_path):
    path = tmp_path / "32082038.fts"
    path.write_bytes(hostile.appended(*[b"HISTORY of a long life"] * 2000)(level05.small_frame()))
    assert is_there(calibrate(read_frame(path)).write(tmp_path / "out"), path, WANTED)


def test_a_subfield_of_a_summed_frame_counts_too(tmp_path):
    path = tmp_path / "32082038.fts"
    path.write_bytes(level05.small_frame())
    assert is_there(calibrate(read_frame(path)).write(tmp_path / "out"), path, WANTED)
