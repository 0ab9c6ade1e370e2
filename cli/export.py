"""`corinpaint export`: a checkpoint to TorchScript, ONNX and a TorchServe archive."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import click

from corinpaint.cli import common

checkpoint_option = click.option(
    "--checkpoint",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Checkpoint (.safetensors) to export; by default the shipped weights.",
)
output_option = click.option(
    "-o",
    "--output",
    type=click.Path(path_type=Path, file_okay=False),
    default=Path(),
    show_default="this folder",
    help="Folder of the exports.",
)


@click.group("export")
def command() -> None:
    """Export a checkpoint. Every export is checked against the checkpoint before it appears."""


@command.command("torchscript")
@checkpoint_option
@output_option
def torchscript(checkpoint: Path | None, output: Path) -> None:
    """Write corinpaint.pt, a TorchScript trace."""
    _run([_torchscript], checkpoint, output)


@command.command("onnx")
@checkpoint_option
@output_option
def onnx(checkpoint: Path | None, output: Path) -> None:
    """Write corinpaint.onnx (inputs image, mask; outputs restored, mask_out)."""
    _run([_onnx], checkpoint, output)


@command.command("mar")
@checkpoint_option
@output_option
@common.calibration_option
def mar(checkpoint: Path | None, output: Path, calibration: Path | None) -> None:
    """Write corinpaint.mar, a self-contained TorchServe archive."""
    _run([_mar(calibration)], checkpoint, output)


@command.command("all")
@checkpoint_option
@output_option
@common.calibration_option
def everything(checkpoint: Path | None, output: Path, calibration: Path | None) -> None:
    """Write corinpaint.pt, corinpaint.onnx and corinpaint.mar."""
    _run([_torchscript, _onnx, _mar(calibration)], checkpoint, output)


Step = Callable[[Path, Path], Path]


def _run(steps: list[Step], checkpoint: Path | None, output: Path) -> None:
    from corinpaint.lasco.errors import CorInpaintError
    from corinpaint.model.metadata import default_checkpoint

    try:
        for step in steps:
            common.say(f"{step(checkpoint or default_checkpoint(), output)}: written and checked")
    except CorInpaintError as error:
        raise common.fail(error) from error
    except ImportError as error:
        raise click.ClickException(f"{error.name} is not installed; install corinpaint[export]") from error


def _torchscript(checkpoint: Path, output: Path) -> Path:
    from corinpaint.export import torchscript

    return torchscript.export(checkpoint, output / "corinpaint.pt")


def _onnx(checkpoint: Path, output: Path) -> Path:
    from corinpaint.export import onnx

    return onnx.export(checkpoint, output / "corinpaint.onnx")


def _mar(calibration: Path | None) -> Step:
    def step(checkpoint: Path, output: Path) -> Path:
        from corinpaint.export import mar

        return mar.export(checkpoint, output / "corinpaint.mar", calibration)

    return step
