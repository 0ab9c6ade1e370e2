"""`corinpaint restore`: the products, and the files that are never replaced."""

from __future__ import annotations

import bz2
import gzip
import io
import json
import lzma
import os
import shutil
import subprocess
import sys

import level05
import lzw
import numpy as np
import pytest
from astropy.io import fits
from click.testing import CliRunner
from on_disk import as_written

from corinpaint.cli.main import main
from corinpaint.lasco.level05 import decoding
from corinpaint.restore.engines import loading


@pytest.mark.slow
def test_a_frame_is_restored_into_the_folder(run, frame_path, tmp_path):
    result = run("restore", frame_path, "-o", tmp_path / "out", "--png", "--json")
    assert result.exit_code == 0, result.output
    assert "1 missing block: 1 filled" in result.output
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["35082037.fits", "35082037.json", "35082037.png"]
    assert json.loads((tmp_path / "out" / "35082037.json").read_text())["blocks"]["filled"] == [660]
    assert fits.getheader(tmp_path / "out" / "35082037.fits")["NFILLED"] == 1


@pytest.mark.slow
def test_two_inputs_never_share_one_product(run, frame_path, make_frame, tmp_path):
    twin = tmp_path / "twin" / "32082037.fts"
    twin.parent.mkdir()
    twin.write_bytes(make_frame(EXPTIME=18.0))
    for words in ((), ("--overwrite",)):
        result = run("restore", frame_path, twin, "-o", tmp_path / "out", *words)
        assert result.exit_code == 1
        assert f"{twin}: would replace" in result.stderr
        assert fits.getheader(tmp_path / "out" / "35082037.fits")["NMISSING"] == 1


def test_copies_of_a_frame_make_one_product_and_are_named(run, frame_path, tmp_path):
    twin = frame_path.with_name("32082037.fts.gz")
    twin.write_bytes(gzip.compress(frame_path.read_bytes()))
    result = run("restore", frame_path.parent, "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert f"Passed over: 1 further copy of the same frame: {twin}" in result.stderr


def test_a_frame_whose_product_is_there_is_skipped_before_it_is_computed(run, frame_path, tmp_path, monkeypatch):
    words = ("restore", frame_path, "-o", tmp_path / "out")
    assert run(*words).exit_code == 0
    before = as_written(tmp_path / "out" / "35082037.fits")
    monkeypatch.setattr(decoding, "decode", lambda *_: pytest.fail("read"))
    again = run(*words)
    assert (again.exit_code, again.stdout) == (0, "")
    assert again.stderr.startswith("1 frame: 1 there already; ")
    assert as_written(tmp_path / "out" / "35082037.fits") == before
    monkeypatch.undo()


@pytest.mark.slow
def test_a_run_that_was_stopped_goes_on_where_it_was(run, frame_path, make_frame, tmp_path):
    for number in (32082038, 32082039):
        (frame_path.parent / f"{number}.fts").write_bytes(make_frame(FILENAME=f"{number}.fts", MID_TIME=number % 100))
    assert run("restore", frame_path, "-o", tmp_path / "out").exit_code == 0
    result = run("restore", frame_path.parent, "-o", tmp_path / "out")
    assert result.exit_code == 0
    assert result.stdout.count("\n") == 2
    assert "3 frames: 2 made, 1 there already; " in result.stderr
    result = run("restore", frame_path.parent, "-o", tmp_path / "out", "--overwrite")
    assert result.stdout.count("\n") == 3


def test_another_file_in_the_place_of_a_product_is_an_error_unless_it_may_be_replaced(run, frame_path, tmp_path):
    words = ("restore", frame_path, "-o", tmp_path / "out")
    product = tmp_path / "out" / "35082037.fits"
    product.parent.mkdir()
    product.write_text("mine")
    result = run(*words)
    assert result.exit_code == 1
    assert "35082037.fits: is there already, and is no whole product of CorInpaint" in result.stderr
    assert "--overwrite" in result.stderr
    assert product.read_text() == "mine"
    assert run(*words, "--overwrite").exit_code == 0
    assert fits.getheader(product)["NFILLED"] == 1


@pytest.mark.slow
def test_a_product_that_was_made_in_another_way_is_made_anew(run, frame_path, tmp_path):
    words, product = ("restore", frame_path, "-o", tmp_path / "out"), tmp_path / "out" / "35082037.fits"
    assert run("calibrate", frame_path, "-o", tmp_path / "out").exit_code == 0
    assert "1 there already" in run(*words, "--fill", "none").stderr
    left = run(*words, "--stale", "skip")
    assert left.exit_code == 0
    assert f"Left as it is: {product}: FILL = 'none', not 'network'" in left.stderr
    refused = run(*words, "--stale", "fail")
    assert refused.exit_code == 1
    assert "FILL = 'none', not 'network'" in refused.stderr
    assert "--stale remake" in refused.stderr
    assert fits.getheader(product)["NFILLED"] == 0
    dry = run(*words, "--dry-run")
    assert dry.stdout == f"{product}: from {frame_path} (made anew: FILL = 'none', not 'network')\n"
    assert fits.getheader(product)["NFILLED"] == 0
    anew = run(*words)
    assert anew.exit_code == 0
    assert "(made anew: FILL = 'none', not 'network')" in anew.stdout
    assert fits.getheader(product)["NFILLED"] == 1


@pytest.mark.slow
def test_a_product_of_a_frame_that_has_changed_is_made_anew(run, frame_path, make_frame, tmp_path):
    words = ("restore", frame_path, "-o", tmp_path / "out")
    assert run(*words).exit_code == 0
    frame_path.write_bytes(make_frame(missing=((20, 10), (20, 12))))
    result = run(*words)
    assert result.exit_code == 0
    assert "2 missing blocks" in result.stdout
    assert "made anew: L05HASH" in result.stdout


@pytest.mark.slow
def test_pixels_that_the_user_masks_are_filled_too(run, frame_path, tmp_path):
    mask = np.zeros((1024, 1024), np.uint8)
    mask[700, 600:620] = 1
    (tmp_path / "masks").mkdir()
    fits.PrimaryHDU(mask).writeto(tmp_path / "masks" / "32082037.fits")
    words = ("restore", frame_path, "-o", tmp_path / "out", "--fill", "harmonic")
    result = run(*words, "--mask", tmp_path / "masks")
    assert result.exit_code == 0, result.output
    assert fits.getheader(tmp_path / "out" / "35082037.fits")["NUSER"] == 20
    again = run(*words, "--mask", tmp_path / "masks" / "32082037.fits")
    assert "made anew" not in again.output, "the same mask, given as a file"
    result = run(*words, "--mask", tmp_path / "gone.fits")
    assert result.exit_code == 1
    assert "gone.fits: cannot be read" in result.output


def test_a_dry_run_writes_nothing(run, frame_path, tmp_path):
    result = run("restore", frame_path, tmp_path / "gone.fts", "-o", tmp_path / "out", "--dry-run")
    assert result.exit_code == 1
    assert result.stdout == f"{tmp_path / 'out' / '35082037.fits'}: from {frame_path}\n"
    assert "gone.fts" in result.stderr
    assert not (tmp_path / "out").exists()


def test_the_summary_of_a_run_can_be_written_to_a_file(run, frame_path, tmp_path):
    log = tmp_path / "logs" / "run.json"
    result = run("restore", frame_path, tmp_path / "gone.fts", "-o", tmp_path / "out", "--log-json", log)
    assert result.exit_code == 1
    summary = json.loads(log.read_text())
    assert summary["frames"]["made"] == summary["frames"]["failed"] == 1
    assert summary["blocks"] == {"missing": 1, "filled": 1, "refused": 0, "occulted": 0}
    ((failure,),) = summary["failures"].values()
    assert failure["file"] == str(tmp_path / "gone.fts")
    assert "gone.fts" in failure["what"]


@pytest.mark.slow
def test_products_can_be_laid_out_as_the_archive_has_them(run, frame_path, tmp_path):
    words = ("restore", frame_path, "-o", tmp_path / "out", "--layout", "nrl")
    assert run(*words).exit_code == 0
    place = tmp_path / "out" / "020108" / "c3"
    assert sorted(path.name for path in place.iterdir()) == ["35082037.fts.gz", "img_hdr.txt"]
    with gzip.open(place / "35082037.fts.gz") as file, fits.open(file) as hdus:
        assert [hdu.name for hdu in hdus] == ["PRIMARY", "MASK", "UNCERT", "NOISE"]
    again = run(*words)
    assert (again.exit_code, again.stdout) == (0, "")
    assert "1 there already" in again.stderr


def test_a_layout_that_is_none_is_refused_before_the_first_frame(run, frame_path, tmp_path):
    result = run("restore", frame_path, "-o", tmp_path / "out", "--layout", "by-day")
    assert result.exit_code == 1
    assert "layout 'by-day' gives all frames one product" in result.stderr


@pytest.mark.slow
def test_pictures_and_reports_that_are_asked_for_later_are_added(run, frame_path, tmp_path):
    words = ("restore", frame_path, "-o", tmp_path / "out")
    assert run(*words).exit_code == 0
    before = as_written(tmp_path / "out" / "35082037.fits")
    result = run(*words, "--png", "--json")
    assert result.exit_code == 0, result.output
    assert sorted(p.name for p in (tmp_path / "out").iterdir()) == ["35082037.fits", "35082037.json", "35082037.png"]
    assert as_written(tmp_path / "out" / "35082037.fits") == before
    (tmp_path / "out" / "35082037.png").unlink()
    assert run(*words, "--png", "--json").exit_code == 0
    assert "1 there already" in run(*words, "--png", "--json").stderr


@pytest.mark.slow
def test_a_product_that_is_written_meanwhile_without_a_claim_is_kept(run, frame_path, echo, tmp_path, monkeypatch):
    product = tmp_path / "out" / "35082037.fits"
    fill = echo.fill

    def meanwhile(*given):
        monkeypatch.setattr(echo, "fill", fill)
        assert run("restore", frame_path, "-o", tmp_path / "other").exit_code == 0
        shutil.copy(tmp_path / "other" / product.name, product)
        os.utime(product, (1, 1))
        return fill(*given)

    monkeypatch.setattr(echo, "fill", meanwhile)
    result = run("restore", frame_path, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert "1 there already" in result.stderr
    assert product.stat().st_mtime == 1


@pytest.mark.slow
def test_products_among_the_frames_are_passed_over_by_the_next_run(run, frame_path, tmp_path):
    for words in ((), (), ("--overwrite",)):
        result = run("restore", frame_path.parent, "-o", frame_path.parent, *words)
        assert result.exit_code == 0, result.output
    assert "Passed over: 1 Level 1 product of CorInpaint" in result.stderr
    assert sorted(p.name for p in frame_path.parent.iterdir()) == ["32082037.fts", "35082037.fits"]
    nothing = run("restore", frame_path.parent / "35082037.fits", "-o", tmp_path / "out")
    assert nothing.exit_code == 1
    assert "1 Level 1 product of CorInpaint, not a frame; give the Level 0.5 file" in nothing.stderr


@pytest.mark.slow
def test_products_of_a_tree_go_to_the_same_subfolders_or_into_one_folder(run, make_frame, tmp_path):
    for day in ("020108", "020109"):
        place = tmp_path / "level_05" / day / "c3" / f"32{day}.fts"
        place.parent.mkdir(parents=True)
        place.write_bytes(make_frame(FILENAME=place.name))
    assert run("restore", tmp_path / "level_05", "-o", tmp_path / "out").exit_code == 0
    made = sorted(str(path.relative_to(tmp_path / "out")) for path in (tmp_path / "out").rglob("*.fits"))
    assert made == ["020108/c3/35020108.fits", "020109/c3/35020109.fits"]
    assert run("restore", tmp_path / "level_05", "-o", tmp_path / "flat", "--layout", "flat").exit_code == 0
    assert sorted(path.name for path in (tmp_path / "flat").iterdir()) == ["35020108.fits", "35020109.fits"]


@pytest.mark.slow
def test_frames_of_one_number_never_replace_one_another_in_one_folder(run, make_frame, tmp_path):
    for day, seconds in (("a", 18.0), ("b", 19.0)):
        (tmp_path / "in" / day).mkdir(parents=True)
        (tmp_path / "in" / day / "32082037.fts").write_bytes(make_frame(EXPTIME=seconds))
    assert run("restore", tmp_path / "in", "-o", tmp_path / "out").exit_code == 0
    result = run("restore", tmp_path / "in", "-o", tmp_path / "flat", "--layout", "flat")
    assert result.exit_code == 1
    assert (
        f"{tmp_path / 'in' / 'b' / '32082037.fts'}: would replace {tmp_path / 'flat' / '35082037.fits'}"
        in result.stderr
    )
    assert fits.getheader(tmp_path / "flat" / "35082037.fits")["EXPTIME"] == pytest.approx(18, rel=0.2)


@pytest.mark.parametrize("ending", ["fts.gz", "FTS.GZ", "fts.bz2", "fts.xz", "fits.fz", "fts.Z", "fit"])
def test_a_compressed_frame_has_the_same_product(run, ending, tmp_path):
    raw = level05.small_frame()
    packed = {
        "gz": gzip.compress,
        "bz2": bz2.compress,
        "xz": lzma.compress,
        "fz": fz,
        "z": lzw.compress,
        "fit": bytes,
    }[ending.lower().split(".")[-1]](raw)
    (tmp_path / "in").mkdir()
    (tmp_path / "in" / f"32082037.{ending}").write_bytes(packed)
    (tmp_path / "plain.fts").write_bytes(raw)
    assert run("restore", tmp_path / "in", "-o", tmp_path / "out", "--fill", "none").exit_code == 0
    assert run("restore", tmp_path / "plain.fts", "-o", tmp_path, "--fill", "none").exit_code == 0
    assert [path.name for path in (tmp_path / "out").iterdir()] == ["35082037.fits"]
    for extension in range(3):
        one, other = (
            fits.getdata(path, extension)
            for path in (tmp_path / "out" / "35082037.fits", tmp_path / "plain_level1.fits")
        )
        assert np.array_equal(one, other, equal_nan=extension != 1)


def fz(raw: bytes) -> bytes:
    """A file as fpack makes it."""
    buffer = io.BytesIO()
    with fits.open(io.BytesIO(raw)) as hdus:
        packed = fits.CompImageHDU(hdus[0].data, hdus[0].header, compression_type="RICE_1")
        fits.HDUList([fits.PrimaryHDU(), packed]).writeto(buffer)
    return buffer.getvalue()


def test_without_fill_no_network_is_opened(run, frame_path, tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "load", lambda *_: pytest.fail("opened"))
    assert run("restore", frame_path, "-o", tmp_path / "out", "--fill", "none").exit_code == 0
    mask = fits.getdata(tmp_path / "out" / "35082037.fits", "MASK")
    assert np.count_nonzero(mask & 16) > 1000


def test_a_fill_without_a_network_opens_none_and_is_recorded(run, frame_path, tmp_path, monkeypatch):
    monkeypatch.setattr(loading, "load", lambda *_: pytest.fail("opened"))
    result = run("restore", frame_path, "-o", tmp_path / "out", "--fill", "harmonic", "--json")
    assert result.exit_code == 0, result.output
    header = fits.getheader(tmp_path / "out" / "35082037.fits")
    assert (header["FILL"], header["WEIGHTS"], header["NFILLED"]) == ("harmonic", "none", 1)
    report = json.loads((tmp_path / "out" / "35082037.json").read_text())
    assert (report["fill"], report["weights"], report["blocks"]["filled"]) == ("harmonic", None, [660])


def test_a_fill_whose_package_is_not_installed_is_an_error_before_the_first_frame(
    run, frame_path, tmp_path, monkeypatch
):
    monkeypatch.setitem(sys.modules, "cv2", None)
    result = run("restore", frame_path, "-o", tmp_path / "out", "--fill", "telea")
    assert result.exit_code == 1
    assert "corinpaint[opencv]" in result.stderr
    assert not (tmp_path / "out").exists()


def test_an_unknown_fill_is_refused_with_the_names(run, frame_path, tmp_path):
    result = run("restore", frame_path, "-o", tmp_path / "out", "--fill", "magic")
    assert result.exit_code == 2
    for name in ("network", "fuzzy", "navier-stokes", "radial", "none"):
        assert name in result.stderr


def test_a_missing_calibration_folder_is_named(run, frame_path, tmp_path):
    result = run("restore", frame_path, "-o", tmp_path / "out", "--calibration", tmp_path / "nowhere")
    assert result.exit_code == 1
    assert "nowhere" in result.stderr
    assert not (tmp_path / "out").exists()


def test_a_name_that_is_not_ascii_is_kept_for_the_file_and_made_printable_for_the_header(run, frame_path, tmp_path):
    odd = tmp_path / "sonne é ☉.fts"
    odd.write_bytes(frame_path.read_bytes())
    result = run("restore", odd, "-o", tmp_path / "out")
    assert result.exit_code == 0, result.output
    assert fits.getheader(tmp_path / "out" / "sonne é ☉_level1.fits")["FILENAME"] == "sonne    _level1.fits"


@pytest.mark.slow
def test_no_product_is_written_when_its_picture_already_exists(run, frame_path, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "35082037.png").write_text("old")
    result = run("restore", frame_path, "-o", tmp_path / "out", "--png", "--json")
    assert result.exit_code == 1
    assert [p.name for p in (tmp_path / "out").iterdir()] == ["35082037.png"]


def test_keywords_of_the_input_do_not_replace_those_of_the_product(run, make_frame, tmp_path):
    path = tmp_path / "32082037.fts"
    path.write_bytes(make_frame(CALFAC=1.0, CALF9="x", WEIGHTS="mine"))
    result = run("restore", path, "-o", tmp_path / "out", "--json")
    assert result.exit_code == 0, result.output
    assert fits.getheader(tmp_path / "out" / "35082037.fits")["WEIGHTS"] == "none"


@pytest.mark.slow
def test_the_summary_of_a_frame_counts_filled_refused_and_occulted_blocks(run, make_frame, tmp_path):
    path = tmp_path / "32082037.fts"
    path.write_bytes(make_frame(missing=((20, 20), (31, 16), (16, 16))))
    line = run("restore", path, "-o", tmp_path / "out").output
    assert "3 missing blocks: 1 filled, 1 refused (touches the edge of the frame), 1 occulted" in line
    line = run("restore", path, "-o", tmp_path / "none", "--fill", "none").output
    assert "3 missing blocks: 0 filled, 2 refused (no fill asked for), 1 occulted" in line


@pytest.mark.slow
def test_steps_of_the_calibration_can_be_left_out(run, frame_path, tmp_path):
    assert run("restore", frame_path, "-o", tmp_path / "all").exit_code == 0
    assert run("restore", frame_path, "-o", tmp_path / "some", "--no-warp", "--no-vignetting").exit_code == 0
    whole, some = (fits.getheader(tmp_path / name / "35082037.fits") for name in ("all", "some"))
    assert (whole["CALOPT"], some["CALOPT"]) == ("none", "no-vignetting no-warp")
    assert whole["DATAMAX"] > some["DATAMAX"]


@pytest.mark.slow
def test_missing_blocks_are_filled_from_context_frames(run, frame_path, make_frame, tmp_path):
    earlier = frame_path.with_name("32082036.fts")
    earlier.write_bytes(make_frame(TIME_OBS="02:06:05.594"))
    words = ("restore", frame_path, "-o", tmp_path / "out", "--fill", "temporal", "--context", frame_path.parent)
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert "1 missing block: 1 filled" in result.output
    missing = run("restore", frame_path, "-o", tmp_path / "none", "--fill", "temporal")
    assert missing.exit_code == 1
    assert "temporal" in missing.stderr


def test_a_context_frame_that_cannot_be_read_is_an_error_before_the_first_frame(run, frame_path, tmp_path):
    result = run(
        "restore", frame_path, "-o", tmp_path / "out", "--fill", "temporal", "--context", tmp_path / "gone.fts"
    )
    assert result.exit_code == 1
    assert "gone.fts" in result.stderr
    assert not (tmp_path / "out").exists()


def test_the_policy_of_what_is_filled_is_in_the_product_and_must_fit_the_network(run, frame_path, tmp_path):
    words = ("restore", frame_path, "-o", tmp_path / "out", "--policy", "predicted")
    assert run(*words, "--fill", "none").exit_code == 0
    assert fits.getheader(tmp_path / "out" / "35082037.fits")["FILLPOL"] == "predicted"
    refused = run(*words)
    assert refused.exit_code == 1
    assert "predicts no error" in refused.stderr


def test_zones_above_the_maximum_measured_error_are_refused_with_the_reason(run, frame_path, tmp_path):
    result = run("restore", frame_path, "-o", tmp_path / "out", "--fill", "harmonic", "--max-error", "0.01")
    assert result.exit_code == 0
    assert "0 filled" in result.output
    assert "more than 0.01" in result.output


def test_the_requested_provider_is_passed_to_the_engine(run, frame_path, echo, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(loading, "load", lambda *given: asked.append(given) or echo)
    assert run("restore", frame_path, "-o", tmp_path / "out", "--provider", "cuda", "--threads", 2).exit_code == 0
    assert asked == [(None, 2, "cuda")]


def test_an_unavailable_provider_is_an_error_before_the_first_frame(frame_path, tmp_path):
    result = CliRunner().invoke(main, ["restore", str(frame_path), "-o", str(tmp_path / "out"), "--provider", "cuda"])
    assert result.exit_code == 1
    assert "provider 'cuda'" in result.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_cold_start_imports_nothing_that_a_frame_can_do_without(frame_path, tmp_path):
    slow = (
        "torch pandas matplotlib aiohttp skimage PIL tqdm pooch requests corkit.utils astropy.coordinates "
        "astropy.table scipy.io scipy.linalg scipy.interpolate scipy.sparse.csgraph scipy.sparse.linalg"
    ).split()
    program = (
        "import gc, sys\nfrom corinpaint.cli.main import main\n"
        f"main(['restore', {str(frame_path)!r}, '-o', {str(tmp_path / 'out')!r}], standalone_mode=False)\n"
        f"sys.exit(' '.join(name for name in {slow!r} if name in sys.modules) or not gc.isenabled())\n"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
    assert fits.getval(tmp_path / "out" / "35082037.fits", "NFILLED") == 1


@pytest.mark.parametrize("command", ["restore", "calibrate"])
def test_an_unknown_pointing_is_said_on_stderr(run, make_frame, tmp_path, command):
    path = tmp_path / "32999999.fts"
    unknown = {"CROTA1": 0.0, "CROTA2": 0.0, "CRPIX1": 512.5, "CRPIX2": 512.5}
    path.write_bytes(make_frame(DATE_OBS="2025/08/25", MID_DATE=60912, **unknown))
    result = run(command, path, "-o", tmp_path / "out", *(["--json"] if command == "restore" else []))
    assert result.exit_code == 0
    assert f"Warning: {path}: the pointing in the header is a placeholder" in result.stderr
    for written in (tmp_path / "out").glob("*.json"):
        assert "placeholder" in json.loads(written.read_text())["warnings"][0]


@pytest.mark.slow
def test_context_is_taken_from_the_inputs_themselves_and_unfit_frames_are_passed_over(run, make_frame, tmp_path):
    folder = tmp_path / "in"
    folder.mkdir()
    for number, cards in {
        32082036: {"TIME_OBS": "02:06:05.594"},
        32082037: {"missing": ((20, 10),)},
        32082038: {"TIME_OBS": "02:30:05.594"},
        32082039: {"TIME_OBS": "02:42:05.594", "FILTER": "Blue"},
        32090000: {"DATE_OBS": "2002/02/08", "MID_DATE": 52313},
    }.items():
        (folder / f"{number}.fts").write_bytes(make_frame(FILENAME=f"{number}.fts", **cards))
    words = ("restore", folder, "-o", tmp_path / "out", "--fill", "temporal", "--context", "auto")
    result = run(*words)
    assert result.exit_code == 0, result.output
    header = fits.getheader(tmp_path / "out" / "35082037.fits")
    assert (header["CTXASKED"], sorted(header["CONTEXT"].split())) == ("auto", ["32082036", "32082038"])
    assert "5 there already" in run(*words).stderr
    one = run("restore", folder / "32082037.fts", "-o", tmp_path / "one", "--fill", "temporal", "--context", folder)
    assert one.exit_code == 0, one.output
    again = fits.getheader(tmp_path / "one" / "35082037.fits")
    assert again["CONTEXT"] == header["CONTEXT"]


def test_a_context_frame_that_is_named_must_be_fit(run, frame_path, make_frame, tmp_path):
    other = tmp_path / "32090000.fts"
    other.write_bytes(make_frame(DATE_OBS="2002/02/08", MID_DATE=52313))
    result = run("restore", frame_path, "-o", tmp_path / "out", "--fill", "temporal", "--context", other)
    assert result.exit_code == 1
    assert "32090000.fts: DATE-OBS is 744.0 hours from" in result.stderr
