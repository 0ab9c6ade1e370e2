"""A whole benchmark: measure, tabulate, draw, write. The same seed gives the same files except for the times."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from corinpaint.evaluate import benchmark, gallery, summary
from corinpaint.evaluate.benchmark import Method, Plan
from corinpaint.evaluate.context_frames import ContextFrames
from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.files import write_all
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet
from corinpaint.lasco.version import __version__

SHOWN = ("error", "error_90", "bias_sigma", "bias_percent", "laplacian_error", "streamers", "seam", "coverage")
"""Medians in the Markdown table; the CSV has all."""


@dataclass(frozen=True)
class Settings:
    """How a benchmark is tabulated.

    Attributes
    ----------
    draws : int
        Draws of the bootstrap.
    pictures : bool
        Draw the worst, the middle and the best hole of each size.
    """

    draws: int = 200
    pictures: bool = True


def compare(
    frames: Sequence[Path],
    methods: Mapping[str, Method],
    plan: Plan,
    calibration: CalibrationSet,
    output: Path,
    about: Mapping[str, str],
    settings: Settings | None = None,
    context: ContextFrames | None = None,
    skipped: Callable[[str], None] = lambda _: None,
) -> list[Path]:
    """Run a benchmark and write what it found.

    Parameters
    ----------
    frames : sequence of Path
        Level 0.5 files.
    methods : mapping of str to Method
        The first is compared with all others.
    plan : Plan
    calibration : CalibrationSet
    output : Path
        Folder; files of an earlier run are replaced.
    about : mapping
        What made the methods (weights, versions), for benchmark.json.
    settings : Settings, optional
    context : ContextFrames, optional
        Frames that context is taken from.
    skipped : callable
        Called with a message about every file that cannot be used.

    Returns
    -------
    list of Path
        holes.csv (a row per method and hole), medians.csv, paired.csv, times.csv, benchmark.md, benchmark.html and
        benchmark.json.

    Raises
    ------
    OptionError
        When no file can be used.
    OutputError
        When the folder cannot be written.
    """
    settings = settings or Settings()
    rows = benchmark.run(frames, methods, plan, calibration, context, skipped)
    if not rows:
        raise OptionError("no frame has room for a hole", "give complete Level 0.5 frames of C2 or C3")
    times = [{key: str(row[key]) for key in ("frame", "size", "method", "seconds")} for row in rows]
    figures = [{key: value for key, value in row.items() if key != "seconds"} for row in rows]
    medians, paired = summary.medians(rows, settings.draws, plan.seed), summary.paired(rows, settings.draws, plan.seed)
    seconds = [{key: line[key] for key in ("telescope", "size", "method", "seconds")} for line in medians]
    for line in medians:
        del line["seconds"]
    tables = {"Medians over holes, 95 % intervals over frames": medians, "The first method against its rivals": paired}
    pictures = _pictures(frames, rows, methods, plan, calibration, context) if settings.pictures else {}
    text = (
        f"{len({row['frame'] for row in rows})} frames, seed {plan.seed}, CorInpaint {__version__}; hole pixels only."
    )
    contents = {
        "holes.csv": _csv(figures),
        "medians.csv": _csv(medians),
        "paired.csv": _csv(paired),
        "times.csv": _csv(times),
        "benchmark.md": _markdown(text, medians, paired, seconds).encode(),
        "benchmark.html": gallery.page(text, tables, pictures).encode(),
        "benchmark.json": json.dumps({"version": __version__, **about, "plan": asdict(plan)}, indent=1).encode(),
    }
    write_all({output / name: content for name, content in contents.items()}, overwrite=True)
    return [output / name for name in contents]


def _csv(lines: Sequence[Mapping[str, object]]) -> bytes:
    text = io.StringIO(newline="")
    if lines:
        writer = csv.DictWriter(text, fieldnames=list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    return text.getvalue().encode()


def _markdown(
    text: str,
    medians: Sequence[Mapping[str, str]],
    paired: Sequence[Mapping[str, str]],
    seconds: Sequence[Mapping[str, str]],
) -> str:
    parts = [
        f"{text}\n",
        summary.markdown(medians, ("telescope", "size", "method", "holes", *SHOWN)),
        summary.markdown(paired, ("telescope", "size", "rival", "holes", "error_ratio", "error_90_ratio", "won")),
        summary.markdown(seconds, ("telescope", "size", "method", "seconds")),
    ]
    return "\n".join(parts)


def _pictures(
    frames: Sequence[Path],
    rows: Sequence[summary.Row],
    methods: Mapping[str, Method],
    plan: Plan,
    calibration: CalibrationSet,
    context: ContextFrames | None,
) -> dict[str, bytes]:
    """The worst, the middle and the best hole of each size for the first method, as every method fills it."""
    first, by_number = next(iter(methods)), {read_frame(path).number: path for path in _used(frames, rows)}
    drawn = {}
    for size in dict.fromkeys(str(row["size"]) for row in rows):
        ranked = benchmark.ranked_holes(rows, first, size)
        if not ranked:
            continue
        chosen = {"worst": ranked[0], "middle": ranked[len(ranked) // 2], "best": ranked[-1]}
        strips = []
        for rank, (number, hole) in chosen.items():
            holed_frame = benchmark.make_holes(read_frame(by_number[number]), size, plan, calibration, context)
            if holed_frame is not None:
                title = f"{rank} for {first}: {number}, {hole}"
                strips.append(gallery.strip(title, holed_frame, int(hole.rsplit("-", 1)[1]), methods))
        drawn[f"Holes of {size}"] = gallery.picture(strips)
    return drawn


def _used(frames: Sequence[Path], rows: Sequence[summary.Row]) -> list[Path]:
    names = {str(row["frame"]) for row in rows}
    return [path for path in frames if any(path.name.startswith(name) for name in names)]
