"""`corinpaint restore`: Level 0.5 files in, restored Level 1 files out."""

from __future__ import annotations

from pathlib import Path

import click

from corinpaint.cli import common
from corinpaint.cli.batch import Batch, batch_options, fill_option, mask_option, policy_option
from corinpaint.lasco.errors import CorInpaintError
from corinpaint.restore.limits.policies import MAX_PREDICTED

AUTO = Path("auto")
"""Value of --context for the nearest frames."""


@click.command("restore")
@batch_options
@fill_option
@click.option(
    "--context",
    multiple=True,
    type=click.Path(path_type=Path),
    metavar="auto|FRAME|FOLDER",
    help="Frames from which --fill network, auto, temporal, neighbours or motion fills too, and from which a frame "
    "without a pointing in its header takes its roll: the nearest fit ones before and after each frame, from INPUT and "
    "the folders that it lies in (auto) or from a FOLDER; or a FRAME, which must be fit for every frame. Can be "
    "repeated.",
)
@policy_option
@common.deprecated_alias("--most-error", "--max-error")
@click.option(
    "--max-error",
    type=click.FloatRange(0, min_open=True),
    help="Maximum median error, in units of the noise: zones for which a larger one was measured, or is predicted by "
    "the network for its fill, are refused. For zones that --policy solarsoft would refuse the latter alone, at "
    f"{MAX_PREDICTED} by default.",
)
@mask_option
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
    "--threads",
    type=click.IntRange(0),
    default=1,
    show_default=True,
    help="CPU threads of the network in each process; 0 = all cores. Another number changes last bits of the fills.",
)
@common.calibration_option
@click.option(
    "--png",
    is_flag=True,
    help="Draw a picture of each product beside it, before and after; `corinpaint show` draws others.",
)
@click.option("--json", "as_json", is_flag=True, help="Write a JSON report beside each product.")
@common.steps_options
def command(
    batch: Batch,
    fill: str,
    context: tuple[Path, ...],
    policy: str,
    max_error: float | None,
    mask: Path | None,
    model: Path | None,
    provider: str,
    threads: int,
    calibration: Path | None,
    png: bool,
    as_json: bool,
    departures: list[str],
) -> None:
    """Calibrate Level 0.5 frames of C2 and C3 to Level 1 and fill their missing blocks.

    INPUT are FITS files (.gz, .bz2, .xz, .Z and .fz allowed) or folders, which are searched at any depth. 32082037.fts
    becomes 35082037.fits: brightness in mean solar brightness (float32, NaN where nothing was measured or filled),
    flags of each pixel in MASK, and its 1-sigma uncertainty in UNCERT. INPUT may be a pattern, @LIST, or - for standard
    input, too. A frame whose product is there already, made in the same way, is skipped. A file that fails is reported,
    the others are still processed, and the exit status is 1.
    """
    with common.importing():
        from corinpaint.archive.job import Job

    try:
        found = [common.checked(item).path for item in common.frames(_without_auto(context), tell=False)]
    except CorInpaintError as error:
        raise common.fail(error) from error
    fit_for_all = tuple(path for path in found if path in context)
    around = [path for path in found if path not in context]
    batch.run(
        Job(
            fill=fill,
            departures=tuple(departures),
            calibration=calibration,
            model=model,
            provider=provider,
            threads=threads,
            policy=policy,
            max_error=max_error,
            context=fit_for_all,
            auto_context=bool(around) or AUTO in context,
            png=png,
            json=as_json,
            stale=batch.stale,
            mask=mask,
            compress=batch.compress,
            overwrite=batch.overwrite,
        ),
        around,
        from_inputs=AUTO in context,
    )


def _without_auto(context: tuple[Path, ...]) -> list[Path]:
    return [path for path in context if path != AUTO]
