"""`corinpaint calibrate`: Level 0.5 files in, Level 1 files out, nothing filled."""

from __future__ import annotations

from pathlib import Path

import click

from corinpaint.cli import common
from corinpaint.lasco.errors import CorInpaintError


@click.command("calibrate")
@common.inputs_argument
@common.output_option
@common.calibration_option
@common.steps_options
@common.overwrite_option
def command(
    inputs: tuple[Path, ...], output: Path, calibration: Path | None, departures: list[str], overwrite: bool
) -> None:
    """Calibrate Level 0.5 frames of C2 and C3 to Level 1; missing blocks stay NaN and are flagged.

    INPUT are FITS files (gzip allowed) or folders of them. 32082037.fts becomes 35082037.fits: brightness in mean solar
    brightness (float32), flags in MASK, 1-sigma uncertainty in UNCERT. A file that fails is reported, the others are
    still processed, and the exit status is 1.
    """
    with common.importing():
        from corinpaint.lasco.level05.frame import read_frame
        from corinpaint.lasco.level1.calibrate import calibrate
        from corinpaint.lasco.options import parse
        from corinpaint.lasco.photometry.optics import load_calibration_set

    try:
        calibration_set, options = load_calibration_set(calibration), parse(departures)
    except CorInpaintError as error:
        raise common.fail(error) from error
    made: dict[Path, Path] = {}

    def work(path: Path) -> str:
        product = calibrate(read_frame(path), calibration_set, options)
        target = common.claim(made, output / product.filename, path)
        product.write(output, overwrite=overwrite)
        made[target] = path
        for text in product.warnings:
            common.say(f"Warning: {path}: {text}", err=True)
        missing = common.missing_blocks(product.header["NMISSING"])
        return f"{target}: {product.header['CALIB'].lower()} calibration, {missing}"

    common.process_each(common.frames(inputs), "calibrate", work)
