"""The TorchServe archive: network, handler, and the source that they need, in one file that serves anywhere.

The archive holds a package `corinpaint` of its own. It has an ``__init__.py``, unlike an installed corinpaint, which is
a namespace: Python prefers it, wherever the folder of the archive stands in the search path.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import zipfile
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryDirectory

from corinpaint.export import onnx, torchscript
from corinpaint.lasco.errors import ExportError
from corinpaint.lasco.files import aside, package_data
from corinpaint.lasco.photometry.optics import load_assets
from corinpaint.lasco.reference_files import catalogue, locate
from corinpaint.lasco.version import __version__
from corinpaint.model.metadata import default_checkpoint, read_info

NAME = "corinpaint"
HANDLER = "corinpaint_handler"
SUBPACKAGES = ("lasco", "model", "restore", "client", "handlers")
"""What the handler needs of the package."""

CALIBRATION = "calibration"
"""Folder of the official files inside the archive."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_CREATED = "01/01/1980 00:00:00"
"""Beginning of time in zip files, for all entries: the same input makes the same archive."""


def export(checkpoint: Path | None, output: Path, calibration: Path | None = None) -> Path:
    """Pack an archive.

    The ONNX model beside the checkpoint (same name, ending ``.onnx``) is taken when it was made from the same weights,
    so that the endpoint runs what the command line runs: their fills are equal to 1e-5 of the noise whatever the number
    of threads, bit for bit with the same number. Else one is made. Either way it is verified.

    Parameters
    ----------
    checkpoint : Path or None
        A ``.safetensors`` checkpoint; None for the shipped one.
    output : Path
        A ``.mar`` file; replaced when it is there. The same input gives the same bytes with the same
        libraries, when it is the first trace of its process: torch numbers the classes in ``corinpaint.pt``.
    calibration : Path, optional
        Folder of the official calibration files, which then travel in the archive; by default the nominal set does.

    Returns
    -------
    Path
        `output`.

    Raises
    ------
    CalibrationError, CheckpointError
        When one of them cannot be read.
    ExportError
        When an export differs from the checkpoint, or torch-model-archiver is missing or fails; nothing is left behind.
    OutputError
        When the folder cannot be written to.
    """
    if find_spec("model_archiver") is None:
        raise ExportError("torch-model-archiver is not installed", "install corinpaint[export]")
    checkpoint = checkpoint or default_checkpoint()
    read_info(checkpoint)
    with aside(output) as path, TemporaryDirectory(prefix="corinpaint-mar-") as name:
        stage = Path(name)
        _stage_source(stage / "extra")
        _stage_config(stage, calibration)
        _stage_models(checkpoint, stage)
        _write_reproducibly(_run_archiver(stage), path)
    return output


def _stage_models(checkpoint: Path, stage: Path) -> None:
    onnx.copy_or_export(checkpoint, stage / "corinpaint.onnx")
    torchscript.export(checkpoint, stage / "extra" / "corinpaint.pt")


def _stage_source(extra: Path) -> None:
    package = extra / "corinpaint"
    for room in SUBPACKAGES:
        ignored = shutil.ignore_patterns("__pycache__", ".*", "weights")
        shutil.copytree(package_data(f"corinpaint.{room}"), package / room, ignore=ignored)
    (package / "__init__.py").write_text(f'"""CorInpaint {__version__}, as it travels in its TorchServe archive."""\n')
    shutil.copyfile(package_data("corinpaint.handlers", "handler.py"), extra.parent / f"{HANDLER}.py")


def _stage_config(stage: Path, calibration: Path | None) -> None:
    text = package_data("corinpaint.serve_config", "model-config.yaml").read_text()
    if calibration is not None:
        load_assets(calibration)
        folder = stage / "extra" / CALIBRATION
        folder.mkdir()
        for name, paths in locate.files_by_name(calibration).items():
            asset = catalogue.identify(name)
            if asset is not None and asset.kind != "attitude":
                shutil.copyfile(paths[0], folder / name)
        text = text.replace("calibration: null", f"calibration: {CALIBRATION}")
    (stage / "model-config.yaml").write_text(text)


def _run_archiver(stage: Path) -> Path:
    """Run the archiver in a process of its own: it deletes ``corinpaint`` in the folder of temporary files."""
    scratch = stage / "scratch"
    scratch.mkdir()
    command = [sys.executable, "-m", "model_archiver.model_packaging"]
    command += ["--model-name", NAME, "--version", __version__, "--handler", f"{HANDLER}.py"]
    command += ["--serialized-file", "corinpaint.onnx", "--extra-files", "extra"]
    command += ["--config-file", "model-config.yaml", "--export-path", "."]
    environment = {**os.environ, "TMPDIR": str(scratch)}
    done = subprocess.run(command, cwd=stage, env=environment, capture_output=True, text=True, check=False)
    archive = stage / f"{NAME}.mar"
    if done.returncode or not archive.is_file():
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise ExportError(f"torch-model-archiver failed: {last}", "check that corinpaint[export] is installed")
    return archive


def _write_reproducibly(archive: Path, output: Path) -> None:
    """Copy an archive without the times of its making, entries sorted."""
    with zipfile.ZipFile(archive) as source, zipfile.ZipFile(output, "w", zipfile.ZIP_DEFLATED) as target:
        for name in sorted(source.namelist()):
            content = source.read(name)
            if name == "MAR-INF/MANIFEST.json":
                manifest = json.loads(content)
                manifest["createdOn"] = _CREATED
                content = json.dumps(manifest, indent=1, sort_keys=True).encode()
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.external_attr = 0o644 << 16
            target.writestr(entry, content, zipfile.ZIP_DEFLATED)
