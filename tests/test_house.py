"""The rooms and the direction of their dependencies."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = {"lasco": 1, "model": 1, "restore": 2, "train": 3, "export": 3, "handlers": 4, "cli": 4}
SAME_FLOOR = {("model", "lasco.errors"), ("model", "lasco.version")}
"""Leaves without imports of their own that floor 1 shares."""

FORBIDDEN = {
    "lasco": {"torch", "onnxruntime", "click", "ts"},
    "model": {"astropy", "click", "onnxruntime", "ts"},
    "restore": {"click", "ts"},
    "train": {"ts"},
    "export": {"click", "ts"},
    "handlers": {"click"},
    "cli": {"torch", "onnxruntime", "ts"},
}


def _files() -> list[tuple[str, Path]]:
    return [(room, path) for room in FLOORS for path in sorted((ROOT / room).rglob("*.py"))]


def _name(path: Path) -> str:
    """The dotted name by which a module is imported."""
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(("corinpaint", *(parts[:-1] if parts[-1] == "__init__" else parts)))


def _imports(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: relative import; write corinpaint.room.module"
            names |= {f"{node.module}.{alias.name}" for alias in node.names}
        elif isinstance(node, ast.Call) and getattr(node.func, "attr", "") == "import_module":
            names |= {arg.value for arg in node.args if isinstance(arg, ast.Constant)}
    return names


@pytest.mark.parametrize(("room", "path"), _files(), ids=lambda v: v if isinstance(v, str) else v.name)
def test_imports_point_down_only(room, path):
    for name in _imports(path):
        parts = name.split(".")
        if parts[0] != "corinpaint" or parts[1] == room:
            continue
        shared = any(room == who and ".".join(parts[1:]).startswith(leaf) for who, leaf in SAME_FLOOR)
        assert shared or FLOORS[parts[1]] < FLOORS[room], f"{path.name} of {room}/ imports {name}"


@pytest.mark.parametrize(("room", "path"), _files(), ids=lambda v: v if isinstance(v, str) else v.name)
def test_rooms_touch_nothing_that_is_not_theirs(room, path):
    packages = {name.split(".")[0] for name in _imports(path)}
    assert not packages & FORBIDDEN[room]
    if path != ROOT / "lasco" / "calibration.py":
        assert not packages & {"corkit", "torchvision"}


def test_only_the_torch_backends_of_restore_import_torch():
    for path in (ROOT / "restore").rglob("*.py"):
        packages = {name.split(".")[0] for name in _imports(path)}
        assert "torch" not in packages or path.name == "torch_backends.py"


@pytest.mark.parametrize("room", ["lasco", "restore"])
def test_no_module_imports_torch_or_onnxruntime_when_it_is_imported(room):
    modules = [_name(path) for where, path in _files() if where == room]
    assert modules
    program = (
        f"import importlib, sys\nfor name in {modules!r}: importlib.import_module(name)\n"
        "heavy = {'torch', 'torchvision', 'onnxruntime', 'corkit', 'click', 'ts'} & set(sys.modules)\n"
        "sys.exit(f'imported at once: {heavy}' if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_restoring_a_frame_on_the_base_path_never_imports_torch(make_frame, onnx_model, tmp_path):
    (tmp_path / "32082037.fts").write_bytes(make_frame(lost=((20, 20),)))
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from corinpaint.lasco.frame import read_frame\nfrom corinpaint.restore import backends, pipeline\n"
        f"engine = backends.load(Path({str(onnx_model)!r}))\n"
        f"restored = pipeline.restore(read_frame({str(tmp_path / '32082037.fts')!r}), inpainter=engine)\n"
        "sys.exit(int('torch' in sys.modules or restored.filled.sum() != 1))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_every_room_is_installed_and_every_module_has_its_test():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(project["tool"]["setuptools"]["package-dir"].values()) == {*FLOORS, "serve_config"}
    for room, path in _files():
        if path.stem in {"__init__", "version", "errors"} or path.parent.name == "stubs":
            continue  # stubs are generated; test_client_stubs.py covers them
        test = ROOT / "tests" / path.relative_to(ROOT).parent / f"test_{path.stem}.py"
        assert test.is_file(), f"{room}/{path.name} has no test module; write {test.relative_to(ROOT)}"


def test_no_module_outside_the_command_line_prints():
    for room, path in _files():
        calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        assert room == "cli" or not any(getattr(call.func, "id", "") == "print" for call in calls), path


def test_modules_stay_small():
    for _, path in _files():
        assert len(path.read_text().splitlines()) <= 330, f"{path} has grown too long: split it"
