"""`corinpaint calibrate`: Level 0.5 files in, Level 1 files out, nothing filled."""

from __future__ import annotations

from pathlib import Path

import click

from corinpaint.cli import common
from corinpaint.cli.batch import Batch, batch_options


@click.command("calibrate")
@batch_options
@common.calibration_option
@common.steps_options
def command(
    batch: Batch,
    calibration: Path | None,
    departures: list[str],
) -> None:
    """Calibrate Level 0.5 frames of C2 and C3 to Level 1; missing blocks stay NaN and are flagged.

    INPUT are FITS files (.gz, .bz2, .xz, .Z and .fz allowed) or folders, which are searched at any depth. 32082037.fts
    becomes 35082037.fits: brightness in mean solar brightness (float32), flags in MASK, 1-sigma uncertainty in UNCERT.
    A frame whose product is there already is skipped. A file that fails is reported, the others are still processed,
    and the exit status is 1.
    """
    with common.importing():
        from corinpaint.archive.job import Job

    batch.run(
        Job(
            "calibrate",
            "none",
            departures=tuple(departures),
            calibration=calibration,
            stale=batch.stale,
            compress=batch.compress,
            overwrite=batch.overwrite,
        )
    )
