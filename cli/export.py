"""`corinpaint export`: TorchScript, torch.export, ONNX, a TorchServe archive and a Triton model repository."""

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
    show_default="current folder",
    help="Folder of the exports.",
)


@click.group("export")
def command() -> None:
    """Export a checkpoint. Every export is verified against the checkpoint before it is written."""


@command.command("torchscript")
@checkpoint_option
@output_option
def torchscript(checkpoint: Path | None, output: Path) -> None:
    """Write corinpaint.pt, a TorchScript trace."""
    _run([_torchscript], checkpoint, output)


@command.command("pt2")
@checkpoint_option
@output_option
def pt2(checkpoint: Path | None, output: Path) -> None:
    """Write corinpaint.pt2, a program of torch.export, the successor of TorchScript."""
    _run([_pt2], checkpoint, output)


@command.command("onnx")
@checkpoint_option
@output_option
@click.option(
    "--half", is_flag=True, help="Write corinpaint.fp16.onnx instead: convolutions in half precision, for GPUs."
)
def onnx(checkpoint: Path | None, output: Path, half: bool) -> None:
    """Write corinpaint.onnx; docs/how_to/pipeline.md describes its inputs and outputs."""
    _run([_half if half else _onnx], checkpoint, output)


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
    """Write corinpaint.pt, corinpaint.pt2, corinpaint.onnx, corinpaint.fp16.onnx and corinpaint.mar."""
    _run([_torchscript, _pt2, _onnx, _half, _mar(calibration)], checkpoint, output)


@command.command("triton")
@checkpoint_option
@output_option
@click.option(
    "--kind",
    type=click.Choice(["cpu", "gpu"]),
    default="cpu",
    show_default=True,
    help="Device on which Triton runs the model.",
)
def triton(checkpoint: Path | None, output: Path, kind: str) -> None:
    """Write a model repository for NVIDIA's Triton Inference Server: corinpaint/config.pbtxt and the ONNX model."""
    _run([_triton(kind)], checkpoint, output)


Step = Callable[[Path, Path], Path]


def _run(steps: list[Step], checkpoint: Path | None, output: Path) -> None:
    from corinpaint.lasco.errors import CorInpaintError
    from corinpaint.model.metadata import default_checkpoint

    try:
        for step in steps:
            common.say(f"{step(checkpoint or default_checkpoint(), output)}: written and verified")
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


def _half(checkpoint: Path, output: Path) -> Path:
    from corinpaint.export import onnx

    return onnx.export(checkpoint, output / "corinpaint.fp16.onnx", "mixed")


def _pt2(checkpoint: Path, output: Path) -> Path:
    from corinpaint.export import pt2

    return pt2.export(checkpoint, output / "corinpaint.pt2")


def _triton(kind: str) -> Step:
    def step(checkpoint: Path, output: Path) -> Path:
        from corinpaint.export import triton

        return triton.export(checkpoint, output, kind)

    return step


def _mar(calibration: Path | None) -> Step:
    def step(checkpoint: Path, output: Path) -> Path:
        from corinpaint.export import mar

        return mar.export(checkpoint, output / "corinpaint.mar", calibration)

    return step
