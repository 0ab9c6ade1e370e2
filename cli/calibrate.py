"""`corinpaint calibrate`: Level 0.5 files in, Level 1 files out, nothing filled."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from corinpaint.cli import common
from corinpaint.lasco.errors import CorInpaintError, OutputError

if TYPE_CHECKING:
    from corinpaint.lasco.input_files import InputFile


@click.command("calibrate")
@common.inputs_argument
@common.output_option
@common.layout_option
@common.calibration_option
@common.steps_options
@common.overwrite_option
def command(
    inputs: tuple[Path, ...],
    output: Path,
    layout: str,
    calibration: Path | None,
    departures: list[str],
    overwrite: bool,
) -> None:
    """Calibrate Level 0.5 frames of C2 and C3 to Level 1; missing blocks stay NaN and are flagged.

    INPUT are FITS files (.gz, .bz2, .xz, .Z and .fz allowed) or folders, which are searched at any depth. 32082037.fts
    becomes 35082037.fits: brightness in mean solar brightness (float32), flags in MASK, 1-sigma uncertainty in UNCERT.
    A frame whose product is there already is skipped. A file that fails is reported, the others are still processed,
    and the exit status is 1.
    """
    with common.importing():
        from corinpaint.lasco.level05.frame import read_frame
        from corinpaint.lasco.level1.calibrate import calibrate
        from corinpaint.lasco.level1.existing import Settings, is_there
        from corinpaint.lasco.options import parse
        from corinpaint.lasco.photometry.optics import load_calibration_set

    try:
        calibration_set, options = load_calibration_set(calibration), parse(departures)
    except CorInpaintError as error:
        raise common.fail(error) from error
    outputs = common.Outputs(output, layout)
    settings = Settings("none", " ".join(options.departures), calibration_set.kind)

    def work(item: InputFile) -> str:
        target = outputs.claim(item)
        try:
            if not overwrite and is_there(target, item.path, settings):
                return common.SKIPPED
            return made(item.path, target)
        except CorInpaintError:
            outputs.release(target)
            raise

    def made(path: Path, target: Path) -> str:
        product = calibrate(read_frame(path), calibration_set, options)
        try:
            product.write(target.parent, overwrite=overwrite)
        except OutputError:
            if overwrite or not is_there(target, path, settings):
                raise
            return common.SKIPPED  # another process has written it in the meantime
        common.warn(path, product.warnings)
        missing = common.missing_blocks(product.header["NMISSING"])
        return f"{target}: {product.header['CALIB'].lower()} calibration, {missing}"

    common.process_each(common.frames(inputs), "calibrate", work)
