"""Archives on disk, whole, damaged, and of other versions."""

from __future__ import annotations

import json
import zipfile

import pytest

from corinpaint.handlers.asgi.processes import unpack
from corinpaint.lasco.errors import OptionError

MANIFEST = {"model": {"modelVersion": "1.2", "configFile": "model-config.yaml"}}


@pytest.fixture
def pack(tmp_path):
    def build(**changes):
        names = {
            "MAR-INF/MANIFEST.json": json.dumps(MANIFEST),
            "model-config.yaml": "minWorkers: 3\nmaxWorkers: no\n",
            str(unpack.TEMPLATE): "",
            **changes,
        }
        path = tmp_path / "corinpaint.mar"
        with zipfile.ZipFile(path, "w") as archive:
            for name, content in names.items():
                if content is not None:
                    archive.writestr(name, content)
        return path

    return build


def test_an_archive_is_unpacked_and_removed(pack):
    with unpack.unpacked(pack()) as archive:
        assert (archive.name, archive.version) == ("corinpaint", "1.2")
        assert (archive.folder / unpack.TEMPLATE).is_file()
        assert archive.number("minWorkers", 1) == 3
        assert archive.number("responseTimeout", 120) == 120
        with pytest.raises(OptionError, match="maxWorkers"):
            archive.number("maxWorkers", 1)
    assert not archive.folder.exists()


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"MAR-INF/MANIFEST.json": "{}"}, "damaged"),
        ({"MAR-INF/MANIFEST.json": "["}, "damaged"),
        ({"model-config.yaml": "{["}, "damaged"),
        ({"model-config.yaml": "- a"}, "holds no keys"),
        ({str(unpack.TEMPLATE): None}, "earlier version of CorInpaint"),
    ],
)
def test_what_cannot_be_served_is_named_with_the_remedy(pack, changes, message):
    path = pack(**changes)
    with pytest.raises(unpack.ArchiveError, match=message) as caught, unpack.unpacked(path):
        pass
    assert "corinpaint export mar" in caught.value.remedy


def test_an_archive_cut_short_and_one_altered_are_damaged(pack):
    path = pack()
    whole = path.read_bytes()
    for content in (whole[:-200], whole.replace(b"minWorkers: 3", b"minWorkers: 4"), b""):
        path.write_bytes(content)
        with pytest.raises(unpack.ArchiveError, match="damaged"), unpack.unpacked(path):
            pass


def test_names_that_lead_elsewhere_stay_in_the_folder(pack, tmp_path):
    with unpack.unpacked(pack(**{"../../outside.txt": "x"})) as archive:
        assert (archive.folder / "outside.txt").is_file()
    assert not list(tmp_path.parent.glob("outside.txt"))
