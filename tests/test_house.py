"""The rooms and the direction of their dependencies."""

from __future__ import annotations

import ast
import graphlib
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[1]
FLOORS = {
    "lasco": 1,
    "model": 1,
    "restore": 2,
    "client": 2,
    "evaluate": 3,
    "archive": 3,
    "train": 3,
    "export": 3,
    "handlers": 4,
    "cli": 5,
}
LEAVES = tuple(
    f"lasco.{name}" for name in ("errors", "decompression", "file_numbers", "files", "limits", "retries", "version")
)
"""Modules of `lasco` that every room may use: they import nothing but each other."""

ONLY_LEAVES = {"client"}
"""Rooms that touch no other room but for those."""

WINGS = {
    "lasco": (
        "errors version files file_numbers limits decompression retries astropy_warnings smoothing options level05 "
        "reference_files inputs geometry timeline nominal photometry notebook level1.flags pictures.coordinates "
        "notebook.zones pictures level1 electrons nominal.derivation simulation"
    ).split(),
    "restore": (
        "stages limits.policies decision measured_errors uncertainty neighbours context limits.by_size plan "
        "limits.zones nearby methods engines network limits.predicted filling provenance pipeline report pictures "
        "inspection"
    ).split(),
    "archive": (
        "outcome job layout claims masks maker processes stopping summary progress batch image_list inputs acquisition "
        "planning running watching movies.cadence movies.selection movies.images movies.stretching movies.drawing "
        "movies.output movies.writers movies reporting"
    ).split(),
    "handlers": (
        "errors settings answers metrics request_parser processing handler asgi.forms asgi.open_inference asgi.metrics "
        "asgi.processes.wire asgi.processes.worker asgi.processes.template asgi.processes.unpack asgi.processes.jobs "
        "asgi.processes.starter asgi.processes.pool asgi.tokens asgi.connections asgi.access asgi.endpoint asgi.app "
        "asgi.grpc_messages asgi.grpc_services asgi.allocation asgi.server"
    ).split(),
    "evaluate": (
        "scores summary totals relative context_frames legend placement benchmark methods training_data measures "
        "gallery comparison demonstration"
    ).split(),
    "train": (
        "state average processes reports journal features loss_weights validation_figures presets config frames "
        "simulated record recipe equalised log_polar loop"
    ).split(),
}
"""The order inside a room, lowest first: what comes earlier imports nothing that comes later."""

FORBIDDEN = {
    "lasco": {"torch", "onnxruntime", "click", "ts"},
    "model": {"astropy", "click", "onnxruntime", "ts"},
    "restore": {"click", "ts"},
    "client": {"torch", "onnxruntime", "click", "ts"},
    "evaluate": {"torch", "click", "ts"},
    "archive": {"torch", "onnxruntime", "click", "ts"},
    "train": {"ts"},
    "export": {"click", "ts"},
    "handlers": {"click"},
    "cli": {"torch", "onnxruntime", "ts"},
}

MOST_MODULES = 13
"""Modules of one folder; more of them ask for a wing."""


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
        shared = ".".join(parts[1:]).startswith(LEAVES)
        lower = FLOORS[parts[1]] < FLOORS[room] and room not in ONLY_LEAVES
        assert shared or lower, f"{path.name} of {room}/ imports {name}"


def _modules_imported(path: Path, known: set[str]) -> set[str]:
    """Modules of the house that a module imports, at its top or later."""
    found = set()
    for name in _imports(path):
        while name and name not in known:
            name = name.rpartition(".")[0]
        found |= {name} if name else set()
    return found


def _graph(room: str) -> dict[str, set[str]]:
    """Which module of a room imports which other of it; packages hold only lazy names and are left out."""
    paths = {_name(path): path for where, path in _files() if where == room and path.stem != "__init__"}
    return {name: _modules_imported(path, set(paths)) & set(paths) - {name} for name, path in paths.items()}


@pytest.mark.parametrize("room", FLOORS)
def test_no_modules_import_each_other_in_a_circle(room):
    order = graphlib.TopologicalSorter(_graph(room))
    order.prepare()  # raises CycleError with the modules of the circle


def test_the_recipes_of_training_share_nothing_but_what_stands_beside_them():
    twins = {"corinpaint.train.equalised", "corinpaint.train.log_polar"}
    for name, imported in _graph("train").items():
        other = twins - {name.rpartition(".")[0]}
        if len(other) == 1:
            assert not any(module.startswith(f"{other.copy().pop()}.") for module in imported), name


@pytest.mark.parametrize("room", WINGS)
def test_imports_inside_a_room_point_down_only(room):
    for name, imported in _graph(room).items():
        for other in imported:
            assert _height(room, other) <= _height(room, name), f"{name} imports {other}, which stands higher"


def _height(room: str, name: str) -> int:
    """Place in `WINGS` of the longest entry that a module belongs to; modules beside the wings stand highest."""
    inside = name.removeprefix(f"corinpaint.{room}.")
    fitting = [wing for wing in WINGS[room] if f"{inside}.".startswith(f"{wing}.")]
    return WINGS[room].index(max(fitting, key=len)) if fitting else len(WINGS[room])


def test_folders_stay_small():
    for folder in {path.parent for _, path in _files()}:
        modules = [path for path in folder.glob("*.py") if path.stem != "__init__"]
        assert len(modules) <= MOST_MODULES, f"{folder} holds {len(modules)} modules; give it a wing"


@pytest.mark.parametrize(("room", "path"), _files(), ids=lambda v: v if isinstance(v, str) else v.name)
def test_rooms_touch_nothing_that_is_not_theirs(room, path):
    packages = {name.split(".")[0] for name in _imports(path)}
    assert not packages & FORBIDDEN[room]
    if path != ROOT / "lasco" / "photometry" / "corkit.py":
        assert not packages & {"corkit", "torchvision"}


def test_only_the_torch_backends_of_restore_import_torch():
    for path in (ROOT / "restore").rglob("*.py"):
        packages = {name.split(".")[0] for name in _imports(path)}
        assert "torch" not in packages or path == ROOT / "restore" / "engines" / "torch.py"


@pytest.mark.slow
@pytest.mark.parametrize("room", ["lasco", "restore", "client", "evaluate"])
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
    (tmp_path / "32082037.fts").write_bytes(make_frame(missing=((20, 20),)))
    program = (
        "import sys\nfrom pathlib import Path\n"
        "from corinpaint.lasco.level05.frame import read_frame\n"
        "from corinpaint.restore import pipeline\nfrom corinpaint.restore.engines import loading\n"
        f"engine = loading.load(Path({str(onnx_model)!r}))\n"
        f"restored = pipeline.restore(read_frame({str(tmp_path / '32082037.fts')!r}), inpainter=engine)\n"
        "sys.exit(int('torch' in sys.modules or restored.filled.sum() != 1))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)


def test_every_room_is_installed_and_every_module_has_its_test():
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert set(project["tool"]["setuptools"]["package-dir"].values()) == {*FLOORS, "corinpaint", "serve_config"}
    for room, path in _files():
        if path.stem in {"__init__", "version", "limits"} or path.parent.name == "stubs":
            continue  # stubs are generated; tests/client/test_stubs.py covers them
        test = ROOT / "tests" / path.relative_to(ROOT).parent / f"test_{path.stem}.py"
        assert test.is_file(), f"{room}/{path.name} has no test module; write {test.relative_to(ROOT)}"


@pytest.mark.slow
def test_no_module_outside_the_command_line_prints():
    for room, path in _files():
        calls = [n for n in ast.walk(ast.parse(path.read_text())) if isinstance(n, ast.Call)]
        assert room == "cli" or not any(getattr(call.func, "id", "") == "print" for call in calls), path


def test_modules_stay_small():
    for _, path in _files():
        assert len(path.read_text().splitlines()) <= 330, f"{path} has grown too long: split it"
