"""Which files are frames: folders as archives are built, and what lies in them beside the frames."""

from __future__ import annotations

import bz2
import gzip
import os
from io import StringIO
from pathlib import Path

import level05
import lzw
import pytest
from astropy.io import fits

from corinpaint.lasco import calibrate
from corinpaint.lasco.inputs import kinds
from corinpaint.lasco.inputs.files import InputFile, find
from corinpaint.lasco.inputs.kinds import PRODUCT
from corinpaint.lasco.level05.frame import read_frame

FRAME = level05.small_frame()


@pytest.fixture
def folder(tmp_path):
    """A folder with one frame."""
    inside = tmp_path / "in"
    inside.mkdir()
    (inside / "32082037.fts").write_bytes(FRAME)
    return inside


def paths(*inputs: Path) -> list[str]:
    """Names of the frames that are found; fails when there is an error among them."""
    items = find(inputs).items
    assert all(isinstance(item, InputFile) for item in items), items
    return [item.path.name for item in items]


def passed_over(*inputs: Path) -> dict[str, list[str]]:
    """Names of what is passed over, by its kind."""
    return {kind.one: [path.name for path in found] for kind, found in find(inputs).passed_over.items()}


ENDINGS = [
    *(
        ".fts .fits .fit .FTS .FITS .Fts .fts.gz .FTS.GZ .fits.gz .fit.gz .fts.bz2 .fits.xz .fts.Z .fts.z .fits.fz"
    ).split(),
    *(".fts.zip .fits.zst .fts.7z .fts.lz4".split()),
]


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_file_with_the_ending_of_a_fits_file_is_taken_whatever_compressed_it(folder, ending):
    (folder / f"22082037{ending}").write_bytes(b"content of any kind")
    assert paths(folder) == [f"22082037{ending}", "32082037.fts"]


def test_days_and_telescopes_are_found_at_any_depth_and_remember_their_folders(folder):
    for day, number in (("020109", "32082111"), ("020108", "32082038"), ("020108", "22082038")):
        place = folder / day / ("c2" if number.startswith("22") else "c3")
        place.mkdir(parents=True, exist_ok=True)
        (place / f"{number}.fts").write_bytes(level05.small_frame(FILENAME=f"{number}.fts"))
        (place / "img_hdr.txt").write_text("32082037.fts 2002/01/08")
    found = find([folder])
    assert [(item.path.name, str(item.subfolder)) for item in found.items] == [
        ("32082037.fts", "."),
        ("22082038.fts", "020108/c2"),
        ("32082038.fts", "020108/c3"),
        ("32082111.fts", "020109/c3"),
    ]
    assert found.lines() == []


def test_names_that_begin_with_a_dot_are_left_out(folder):
    (folder / "._32082037.fts").write_bytes(bytes.fromhex("0005160700020000"))
    (folder / ".hidden").mkdir()
    (folder / ".hidden" / "32082038.fts").write_bytes(FRAME)
    assert paths(folder) == ["32082037.fts"]
    assert paths(folder / ".hidden" / "32082038.fts") == ["32082038.fts"]


def test_links_in_a_circle_do_not_hang(folder):
    (folder / "day").mkdir()
    (folder / "day" / "up").symlink_to(folder, target_is_directory=True)
    (folder / "day" / "self").symlink_to(folder / "day", target_is_directory=True)
    (folder / "day" / "32082038.fts").write_bytes(level05.small_frame(TIME_OBS="02:20:00"))
    assert paths(folder) == ["32082037.fts", "32082038.fts"]


def test_linked_folders_are_searched(folder, tmp_path):
    (tmp_path / "frames").mkdir()
    (tmp_path / "frames" / "c3").symlink_to(folder, target_is_directory=True)
    assert [str(item.subfolder) for item in find([tmp_path / "frames"]).items] == ["c3"]


def test_a_deep_tree_is_searched(folder):
    deep = folder
    for _ in range(400):
        deep = deep / "a"
        deep.mkdir()
    (folder / "32082037.fts").rename(deep / "32082037.fts")
    assert paths(folder) == ["32082037.fts"]


def test_products_and_truths_are_passed_over_and_counted(folder, make_frame):
    calibrate(read_frame(make_frame(), name="32082037.fts")).write(folder)
    (folder / "32180001_truth.fits").write_bytes(FRAME)
    assert paths(folder) == ["32082037.fts"]
    assert passed_over(folder) == {
        "truth of corinpaint simulate": ["32180001_truth.fits"],
        "Level 1 product of CorInpaint": ["35082037.fits"],
    }
    line = f"Passed over: 1 Level 1 product of CorInpaint: {folder / '35082037.fits'}"
    assert line in find([folder]).lines()


@pytest.mark.slow
def test_products_are_known_by_their_header_whatever_they_are_called(folder, make_frame):
    product = calibrate(read_frame(make_frame())).to_bytes()
    for name in ("32082040.fts", "mine.fits.gz", "copy.fts.bz2"):
        packed = gzip.compress(product) if name.endswith("gz") else bz2.compress(product) if "bz2" in name else product
        (folder / name).write_bytes(packed)
    assert paths(folder) == ["32082037.fts"]
    assert len(passed_over(folder)["Level 1 product of CorInpaint"]) == 3


def test_a_pattern_of_the_shell_may_name_products_beside_frames(folder, make_frame):
    product = calibrate(read_frame(make_frame())).write(folder)
    assert paths(folder / "32082037.fts") == ["32082037.fts"]
    found = find([folder / "32082037.fts", product])
    assert [type(item) for item in found.items] == [InputFile]
    assert found.passed_over == {PRODUCT: [product]}
    (error,) = find([product]).items
    assert "1 Level 1 product of CorInpaint, not a frame" in str(error)


def test_a_folder_of_nothing_but_products_says_so(folder, make_frame):
    calibrate(read_frame(make_frame())).write(folder)
    (folder / "32082037.fts").unlink()
    (error,) = find([folder]).items
    assert "has no frame, only 1 Level 1 product of CorInpaint; give the folder of the Level 0.5 frames" in str(error)


def image(**cards: object) -> bytes:
    """A FITS file with an image and these cards."""
    import io

    buffer = io.BytesIO()
    header = fits.Header([(key.replace("_", "-"), value) for key, value in cards.items()])
    fits.HDUList([fits.PrimaryHDU(None, header)]).writeto(buffer)
    return buffer.getvalue()


@pytest.mark.parametrize(
    ("content", "kind"),
    [
        (image(), "FITS file that is no frame of C2 or C3"),
        (image(TELESCOP="SOHO", INSTRUME="EIT"), "FITS file that is no frame of C2 or C3"),
        (image(TELESCOP="STEREO", INSTRUME="SECCHI", DETECTOR="COR2"), "FITS file that is no frame of C2 or C3"),
        (level05.small_frame(DETECTOR="C1"), "FITS file that is no frame of C2 or C3"),
        (level05.small_frame(LEVEL="1.0"), "frame of Level 1 or higher"),
        (level05.small_frame(LEVEL="L1"), "frame of Level 1 or higher"),
    ],
)
def test_other_fits_files_are_passed_over_by_name(folder, content, kind):
    (folder / "other.fts").write_bytes(content)
    assert paths(folder) == ["32082037.fts"]
    assert passed_over(folder) == {kind: ["other.fts"]}


@pytest.mark.parametrize("name", ["32082038.fts.part", "32082038", "32082038.img", "32082038.fts~", "32082038.gz"])
def test_a_fits_file_of_another_name_is_named(folder, name):
    (folder / name).write_bytes(gzip.compress(FRAME) if name.endswith("gz") else FRAME)
    assert paths(folder) == ["32082037.fts"]
    assert passed_over(folder) == {"FITS file without .fts, .fits or .fit in its name": [name]}


def test_calibration_files_are_passed_over(folder):
    (folder / "lasco" / "c3").mkdir(parents=True)
    (folder / "lasco" / "calibration.lock.json").write_text("{}")
    (folder / "lasco" / "c3" / "any.fts").write_bytes(FRAME)
    (folder / "C3ramp.fts").write_bytes(FRAME)
    assert paths(folder) == ["32082037.fts"]
    assert passed_over(folder) == {"calibration file": ["C3ramp.fts"], "calibration folder": ["lasco"]}


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>", FRAME[:1000], gzip.compress(FRAME, mtime=0)[:100], b"\x1f\x9d\x90\xff"],
    ids=["empty", "a page", "cut", "cut gzip", "cut compress"],
)
def test_a_damaged_file_is_taken_for_a_frame_so_that_it_is_reported(folder, content):
    (folder / "32082038.fts").write_bytes(content)
    assert paths(folder) == ["32082037.fts", "32082038.fts"]


def test_a_frame_that_lacks_a_keyword_is_taken_so_that_it_is_reported(folder):
    (folder / "32082038.fts").write_bytes(level05.frame_bytes(drop=("INSTRUME",)))
    assert paths(folder) == ["32082037.fts", "32082038.fts"]


def test_links_to_nothing_and_pipes_are_reported_and_never_waited_for(folder):
    (folder / "32082038.fts").symlink_to(folder / "gone.fts")
    os.mkfifo(folder / "32082039.fts")
    os.mkfifo(folder / "notes")
    assert paths(folder) == ["32082037.fts", "32082038.fts", "32082039.fts"]


def test_the_same_file_is_one_frame_however_often_it_is_named(folder, tmp_path):
    (tmp_path / "link.fts").symlink_to(folder / "32082037.fts")
    assert paths(folder, folder / "32082037.fts", folder, tmp_path / "link.fts") == ["32082037.fts"]


def test_copies_of_a_frame_are_one_frame_and_are_named(folder, tmp_path):
    (folder / "32082037.fts.gz").write_bytes(gzip.compress(FRAME))
    (folder / "32082037.fts.Z").write_bytes(lzw.compress(FRAME))
    (tmp_path / "32082037.FTS").write_bytes(FRAME)
    assert paths(folder, tmp_path / "32082037.FTS") == ["32082037.fts"]
    assert passed_over(folder, tmp_path / "32082037.FTS") == {
        "further copy of the same frame": ["32082037.fts.Z", "32082037.fts.gz", "32082037.FTS"]
    }


def test_two_frames_of_one_number_are_both_taken(folder):
    (folder / "32082037.fts.gz").write_bytes(gzip.compress(level05.small_frame(EXPTIME=5.0)))
    (folder / "32082037.fits").write_text("damaged")
    assert paths(folder) == ["32082037.fits", "32082037.fts", "32082037.fts.gz"]


def test_a_folder_that_cannot_be_read_is_an_error_and_the_search_goes_on(folder, monkeypatch):
    (folder / "day").mkdir()
    listed = Path.iterdir

    def iterdir(path):
        if path.name == "day":
            raise PermissionError(13, "Permission denied")
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", iterdir)
    frame, error = find([folder]).items
    assert frame.path.name == "32082037.fts"
    assert str(error) == f"{folder / 'day'}: cannot be read (Permission denied); check the path and its permissions"


def test_a_folder_without_frames_is_an_error(tmp_path):
    (error,) = find([tmp_path]).items
    assert "has no .fts or .fits file, nor do its subfolders" in str(error)


def test_names_with_blanks_and_signs_are_kept(folder):
    for name in ("a b; c.fts", "-x.fts", "sonne ☉.fits", "32082037 (1).fts"):
        (folder / name).write_bytes(level05.small_frame(FILENAME=name.encode("ascii", "replace").decode()))
    assert len(paths(folder)) == 5


def test_many_files_of_a_kind_are_counted_and_some_are_named(folder):
    for number in range(30):
        (folder / f"other{number:02d}.fts").write_bytes(image())
    (line,) = find([folder]).lines()
    assert line.startswith("Passed over: 30 FITS files that are no frames of C2 or C3: ")
    assert line.endswith("other19.fts and 10 more")
    assert kinds.MAX_NAMED == 20


def test_patterns_that_the_shell_did_not_expand_are_expanded(folder):
    (folder / "day").mkdir()
    (folder / "day" / "32082038.fts").write_bytes(level05.small_frame(TIME_OBS="02:20:00"))
    (folder / "day" / "img_hdr.txt").write_text("32082038.fts 2002/01/08")
    (folder / "empty").mkdir()
    assert paths(folder / "*.fts") == ["32082037.fts"]
    assert paths(folder / "**") == paths(folder / "*") == ["32082037.fts", "32082038.fts"]
    assert paths(folder / "d?y" / "[34]*") == ["32082038.fts"]
    (nothing,) = find([folder / "day" / "img*"]).items
    assert "img_hdr.txt: no FITS file, not a frame" in str(nothing)


@pytest.mark.usefixtures("folder")
def test_lists_and_standard_input_name_frames(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "list.txt").write_text("# frames\n\n in/32082037.fts \n")
    assert paths(Path("@list.txt")) == ["32082037.fts"]
    found = find([Path("-")], StringIO("in\nin/32082037.fts\n"))
    assert [item.path.name for item in found.items] == ["32082037.fts"]


def test_an_input_that_names_nothing_is_an_error_and_the_search_goes_on(folder):
    frame, error = find([folder, Path("@gone.txt")]).items
    assert frame.path.name == "32082037.fts"
    assert "@gone.txt: the list of paths cannot be read" in str(error)


def test_jpeg_2000_pictures_are_refused_by_name_and_passed_over_in_folders(folder):
    picture = folder / "2025_10_17__00_30_07_377__SOHO_LASCO_C3_white-light.jp2"
    picture.write_bytes(bytes.fromhex("0000000c6a5020200d0a870a"))
    assert paths(folder) == ["32082037.fts"]
    assert passed_over(folder) == {"JPEG 2000 picture": [picture.name]}
    frame, error = find([folder / "32082037.fts", picture]).items
    assert frame.path.name == "32082037.fts"
    assert "of brightness scaled to bytes, not a frame; fetch the Level 0.5 file" in str(error)


def test_shadow_files_of_macos_that_a_list_names_are_passed_over(folder):
    shadow = folder / "._32082037.fts"
    shadow.write_bytes(bytes.fromhex("0005160700020000"))
    assert paths(folder / "32082037.fts", shadow) == ["32082037.fts"]
    assert passed_over(folder / "32082037.fts", shadow) == {"shadow file of macOS": [shadow.name]}
