"""The TorchServe archive: the network, the handler and the source code that they need, in one self-contained file.

The archive holds its own copy of the package `corinpaint`, so that the machine that serves it needs no installed one.
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
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.reference_files import catalogue, locate
from corinpaint.lasco.version import __version__
from corinpaint.model.metadata import default_checkpoint, read_info

NAME = "corinpaint"
HANDLER = "corinpaint_handler"
SUBPACKAGES = ("lasco", "model", "restore", "client", "handlers")
"""Subpackages of corinpaint that the handler needs."""

CALIBRATION = "calibration"
"""Folder of the official calibration files inside the archive."""

_EPOCH = (1980, 1, 1, 0, 0, 0)
_CREATED = "01/01/1980 00:00:00"
"""First date that a zip file can store; all entries have it, so that the same input gives the same archive."""


def export(checkpoint: Path | None, output: Path, calibration: Path | None = None) -> Path:
    """Write a TorchServe archive.

    The ONNX model beside the checkpoint (same name, suffix ``.onnx``) is copied when it was made from the same weights,
    so that the endpoint runs the same model as the command line: their fills are equal to 1e-5 of the noise for any
    number of threads, and bit-identical for the same number. Else one is exported. It is verified in either case.

    Parameters
    ----------
    checkpoint : Path or None
        A ``.safetensors`` checkpoint; None for the shipped one.
    output : Path
        A ``.mar`` file; an existing one is replaced. The same input and libraries give the same bytes if it is the
        first trace of the process: torch adds a number to the names of classes in the ``corinpaint.pt`` of later ones.
    calibration : Path, optional
        Folder of the official calibration files, which are then packed; by default the nominal set is used.

    Returns
    -------
    Path
        `output`.

    Raises
    ------
    CalibrationError, CheckpointError
        The calibration files or the checkpoint cannot be read.
    ExportError
        An export differs from the checkpoint, or torch-model-archiver is missing or fails; no file is left then.
    OutputError
        The folder cannot be written to.
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
        load_calibration_set(calibration)
        folder = stage / "extra" / CALIBRATION
        folder.mkdir()
        for name, paths in locate.files_by_name(calibration).items():
            asset = catalogue.identify(name)
            if asset is not None and asset.kind != "attitude":
                shutil.copyfile(paths[0], folder / name)
        text = text.replace("calibration: null", f"calibration: {CALIBRATION}")
    (stage / "model-config.yaml").write_text(text)


def _run_archiver(stage: Path) -> Path:
    """Run the archiver with its own folder of temporary files, because it deletes ``corinpaint`` in that folder."""
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
    """Copy an archive with sorted entries and without the time at which it was made."""
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
