"""What `import corinpaint` gives, in this checkout and from a wheel alone."""

from __future__ import annotations

import subprocess
import sys
import sysconfig
import zipfile
from pathlib import Path

import pytest

import corinpaint

ROOT = Path(__file__).resolve().parents[1]
NAMES = ["Client", "__version__", "calibrate", "read_frame", "read_level1", "restore"]
HEAVY = ("numpy", "scipy", "astropy", "torch", "onnxruntime", "requests", "grpc", "click")


def test_the_public_names_are_listed_and_each_is_there():
    assert dir(corinpaint) == sorted(corinpaint.__all__) == NAMES
    assert all(getattr(corinpaint, name) is not None for name in NAMES)
    assert all(callable(getattr(corinpaint, name)) for name in NAMES if name != "__version__")


def test_the_import_costs_nothing_heavy():
    _run(f"import sys, corinpaint; sys.exit(' '.join(name for name in {HEAVY!r} if name in sys.modules) or 0)")


@pytest.mark.slow
@pytest.mark.parametrize(
    "first",
    [
        "pass",
        "import corinpaint.restore.pipeline",
        "import corinpaint.restore",
        "from corinpaint.restore import restore",
    ],
)
def test_restore_can_be_called_whatever_was_imported_before(first, make_frame, tmp_path):
    (tmp_path / "32082037.fts").write_bytes(make_frame(missing=((20, 20),)))
    program = (
        f"{first}\nimport corinpaint\nassert callable(corinpaint.restore)\n"
        f"frame = corinpaint.read_frame({str(tmp_path / '32082037.fts')!r})\n"
        "restored = corinpaint.restore(frame, fill='harmonic')\n"
        "assert type(restored).__name__ == 'Restored' and restored.filled.sum() == 1\n"
        "from corinpaint import restore\nassert restore(frame, fill='none').filled.sum() == 0\n"
    )
    _run(program)


def test_names_are_completed_at_the_prompt():
    import rlcompleter

    completer = rlcompleter.Completer({"corinpaint": corinpaint})
    found = []
    while (one := completer.complete("corinpaint.", len(found))) is not None:
        found.append(one.rstrip("()"))
    assert set(found) >= {f"corinpaint.{name}" for name in NAMES if not name.startswith("_")}


@pytest.fixture(scope="module")
def wheel(tmp_path_factory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    # Built from a copy: setuptools would take what an older build left in build/lib.
    source = folder / "source"
    listed = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    if listed.returncode:
        pytest.skip("not a checkout of git")
    for name in listed.stdout.splitlines():
        if (ROOT / name).is_file():
            (source / name).parent.mkdir(parents=True, exist_ok=True)
            (source / name).write_bytes((ROOT / name).read_bytes())
    pip = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation", "--no-index"]
    subprocess.run([*pip, "--disable-pip-version-check", "-w", str(folder), str(source)], check=True)
    (built,) = folder.glob("*.whl")
    return built


@pytest.mark.slow
def test_the_wheel_holds_the_rooms_with_their_data_and_nothing_else(wheel):
    names = zipfile.ZipFile(wheel).namelist()
    inside = {name for name in names if name.startswith("corinpaint/")}
    tracked = subprocess.run(["git", "ls-files", "-co", "--exclude-standard"], cwd=ROOT, capture_output=True, text=True)
    others = [name for name in names if name not in inside and ".dist-info/" not in name]
    assert others == []
    assert "corinpaint/py.typed" in inside
    assert {"corinpaint/lasco/nominal/nominal_mask.fits", "corinpaint/model/weights/corinpaint.onnx"} <= inside
    assert not [name for name in inside if "test" in Path(name).name or "__pycache__" in name or name.endswith(".pyc")]
    modules = {name for name in tracked.stdout.splitlines() if name.endswith(".py") and (ROOT / name).is_file()}
    wanted = {f"corinpaint/{name.removeprefix('corinpaint/')}" for name in modules if _is_code(name)}
    assert {name for name in inside if name.endswith(".py")} == wanted


def _is_code(name: str) -> bool:
    return "/" in name and name.split("/")[0] not in {"tests", "benchmarks", "docs", "examples"}


@pytest.mark.slow
def test_the_front_door_opens_from_the_wheel_alone(wheel, make_frame, tmp_path):
    (tmp_path / "32082037.fts").write_bytes(make_frame(missing=((20, 20),)))
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", str(tmp_path / "venv")], check=True)
    (site,) = (tmp_path / "venv").glob("lib/*/site-packages")
    zipfile.ZipFile(wheel).extractall(site)
    # What it depends on is taken from here, but not the checkout: a .pth file does not lead to further ones.
    (site / "dependencies.pth").write_text(sysconfig.get_path("purelib") + "\n")
    program = (
        "import corinpaint; corinpaint.restore\n"
        f"assert corinpaint.__file__.startswith({str(site)!r}), corinpaint.__file__\n"
        f"restored = corinpaint.restore(corinpaint.read_frame({str(tmp_path / '32082037.fts')!r}))\n"
        "assert restored.filled.sum() == 1 and corinpaint.lasco.__file__.startswith(corinpaint.__path__[0])\n"
    )
    python = tmp_path / "venv" / "bin" / "python"
    subprocess.run([python, "-I", "-c", program], check=True, cwd=tmp_path)


def _run(program: str) -> None:
    subprocess.run([sys.executable, "-c", program], check=True)
