"""`corinpaint restore`: Level 0.5 files in, restored Level 1 files out."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from corinpaint.cli import common
from corinpaint.lasco.errors import CorInpaintError, OutputError
from corinpaint.restore.engines import loading
from corinpaint.restore.methods import registry

if TYPE_CHECKING:
    from corinpaint.lasco.input_files import InputFile
    from corinpaint.restore.pipeline import Restored


@click.command("restore")
@common.inputs_argument
@common.output_option
@common.layout_option
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
    layout: str,
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

    INPUT are FITS files (.gz, .bz2, .xz, .Z and .fz allowed) or folders, which are searched at any depth. 32082037.fts
    becomes 35082037.fits: brightness in mean solar brightness (float32, NaN where nothing was measured or filled),
    flags of each pixel in MASK, and its 1-sigma uncertainty in UNCERT. A frame whose product is there already is
    skipped. A file that fails is reported, the others are still processed, and the exit status is 1.
    """
    with common.importing():
        from corinpaint.lasco.files import write_all
        from corinpaint.lasco.level05.frame import read_frame
        from corinpaint.lasco.level1.existing import Settings, is_there
        from corinpaint.lasco.options import parse
        from corinpaint.lasco.photometry.optics import load_calibration_set
        from corinpaint.restore.pipeline import restore

    try:
        calibration_set, options = load_calibration_set(calibration), parse(departures)
        engine = loading.load(model, threads, provider) if fill in ("network", "auto") else None
        if fill in registry.METHODS:
            registry.METHODS[fill]()  # a package that is not installed is reported before the first frame
        others = [read_frame(item.path) for item in map(common.checked, common.frames(context, tell=False))]
    except CorInpaintError as error:
        raise common.fail(error) from error
    outputs = common.Outputs(output, layout)
    settings = Settings(
        fill, " ".join(options.departures), calibration_set.kind, engine.info.sha256 if engine else None
    )

    def work(item: InputFile) -> str:
        target = outputs.claim(item)
        try:
            wanted = _wanted(target, is_there_already(target, item.path), png, as_json)
            return made(item.path, target, wanted) if wanted else common.SKIPPED
        except CorInpaintError:
            outputs.release(target)
            raise

    def made(path: Path, target: Path, wanted: list[Path]) -> str:
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
        try:
            write_all({file: _content(restored, file.suffix) for file in wanted}, overwrite=overwrite)
        except OutputError:
            if overwrite or _wanted(target, is_there_already(target, path), png, as_json):
                raise
            return common.SKIPPED  # another process has written it in the meantime
        common.warn(path, restored.level1.warnings)
        return f"{target}: {_summary(restored)}"

    def is_there_already(target: Path, path: Path) -> bool:
        return not overwrite and is_there(target, path, settings)

    common.process_each(common.frames(inputs), "restore", work)


def _wanted(target: Path, is_there: bool, png: bool, as_json: bool) -> list[Path]:
    """The files that are to be made for a frame; of one whose product is there, the missing ones beside it."""
    beside = [target.with_suffix(suffix) for suffix, asked in ((".png", png), (".json", as_json)) if asked]
    return [file for file in beside if not file.is_file()] if is_there else [target, *beside]


def _content(restored: Restored, suffix: str) -> bytes:
    """The product, its picture or its report, by the end of the file's name."""
    if suffix == ".png":
        from corinpaint.restore.pictures import before_after  # pillow is for pictures alone

        return before_after(restored.level1)
    if suffix == ".json":
        from corinpaint.restore.report import report

        return json.dumps(report(restored), indent=1).encode()
    return restored.level1.to_bytes()


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
