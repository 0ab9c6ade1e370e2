"""`corinpaint restore`: Level 0.5 files in, restored Level 1 files out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corinpaint.cli import common
from corinpaint.lasco.errors import CorInpaintError
from corinpaint.restore.engines import loading
from corinpaint.restore.methods import registry

if TYPE_CHECKING:
    from corinpaint.restore.pipeline import Restored


@click.command("restore")
@common.inputs_argument
@common.output_option
@click.option(
    "--fill",
    type=click.Choice(["network", "auto", *registry.METHODS, "none"]),
    default="network",
    show_default=True,
    help="How missing blocks are filled: by the network, by the method with the smallest measured error for each zone "
    "(auto), by a method without a network, or not at all (none: NaN and flagged).",
)
@click.option(
    "--context",
    multiple=True,
    type=click.Path(path_type=Path),
    help="Frame within a few hours, or a folder of such frames, from which --fill network, temporal or auto fills too, "
    "and from which a frame without a pointing in its header takes its roll (of C2 or C3 then); can be repeated.",
)
@common.deprecated_alias("--most-error", "--max-error")
@click.option(
    "--max-error",
    type=click.FloatRange(0, min_open=True),
    help="Maximum median error, in units of the noise: zones for which a larger one was measured are refused.",
)
@click.option(
    "--model",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Network to use: .onnx, .pt, .pt2 or .safetensors; by default the shipped weights on onnxruntime.",
)
@click.option(
    "--provider",
    type=click.Choice(["cpu", "cuda", "tensorrt"]),
    default="cpu",
    show_default=True,
    help="Device on which onnxruntime runs the network; a GPU that is requested but unavailable is an error.",
)
@click.option(
    "--threads", type=click.IntRange(0), default=0, show_default=True, help="CPU threads of the network; 0 = all cores."
)
@common.calibration_option
@click.option("--png", is_flag=True, help="Write a picture before and after restoration beside each product.")
@click.option("--json", "as_json", is_flag=True, help="Write a JSON report beside each product.")
@common.steps_options
@common.overwrite_option
def command(
    inputs: tuple[Path, ...],
    output: Path,
    fill: str,
    context: tuple[Path, ...],
    max_error: float | None,
    model: Path | None,
    provider: str,
    threads: int,
    calibration: Path | None,
    png: bool,
    as_json: bool,
    departures: list[str],
    overwrite: bool,
) -> None:
    """Calibrate Level 0.5 frames of C2 and C3 to Level 1 and fill their missing blocks.

    INPUT are FITS files (gzip allowed) or folders of them. 32082037.fts becomes 35082037.fits: brightness in mean solar
    brightness (float32, NaN where nothing was measured or filled), flags of each pixel in MASK, and its 1-sigma
    uncertainty in UNCERT. A file that fails is reported, the others are still processed, and the exit status is 1.
    """
    with common.importing():
        from corinpaint.lasco.files import write_all
        from corinpaint.lasco.level05.frame import read_frame
        from corinpaint.lasco.options import parse
        from corinpaint.lasco.photometry.optics import load_calibration_set
        from corinpaint.restore.pipeline import restore
        from corinpaint.restore.report import report

    try:
        calibration_set, options = load_calibration_set(calibration), parse(departures)
        engine = loading.load(model, threads, provider) if fill in ("network", "auto") else None
        if fill in registry.METHODS:
            registry.METHODS[fill]()  # a package that is not installed is reported before the first frame
        others = [read_frame(item) for item in map(common.checked, common.frames(context))]
    except CorInpaintError as error:
        raise common.fail(error) from error
    made: dict[Path, Path] = {}

    def work(path: Path) -> str:
        frame = read_frame(path)
        beside = [other for other in others if other.number != frame.number]
        restored = restore(
            frame,
            fill=fill,
            inpainter=engine,
            calibration=calibration_set,
            options=options,
            context=beside,
            max_error=max_error,
        )
        target = common.claim(made, output / restored.level1.filename, path)
        contents = {target: restored.level1.to_bytes()}
        if png:
            from corinpaint.restore.pictures import before_after  # pillow is for pictures alone

            contents[target.with_suffix(".png")] = before_after(restored.level1)
        if as_json:
            contents[target.with_suffix(".json")] = json.dumps(report(restored), indent=1).encode()
        write_all(contents, overwrite=overwrite)
        made[target] = path
        for text in restored.level1.warnings:
            common.say(f"Warning: {path}: {text}", err=True)
        return f"{target}: {_summary(restored)}"

    common.process_each(common.frames(inputs), "restore", work)


def _summary(restored: Restored) -> str:
    """Numbers of blocks in one line: missing = filled + refused + occulted."""
    number = restored.counts
    reasons = sorted({record.refused for record in restored.zones if record.refused})
    parts = [f"{number.filled} filled"]
    if number.refused:
        parts.append(f"{number.refused} refused ({'; '.join(reasons)})")
    if number.occulted:
        parts.append(f"{number.occulted} occulted")
    return f"{common.missing_blocks(number.missing)}: {', '.join(parts)}"
