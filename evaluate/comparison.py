"""A whole benchmark: measure, tabulate, draw, write. The same seed gives the same files except for the times."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path

from corinpaint.evaluate import benchmark, gallery, legend, summary, totals
from corinpaint.evaluate.benchmark import Method, Plan, Row
from corinpaint.evaluate.context_frames import ContextFrames
from corinpaint.evaluate.measures import flicker, mass, sequences, stars
from corinpaint.evaluate.relative import relative
from corinpaint.lasco.errors import CorInpaintError, OptionError
from corinpaint.lasco.files import write_all
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.reference_files.calibration_set import CalibrationSet
from corinpaint.lasco.version import __version__

SHOWN = (
    *("error", "error_90", "bias_sigma", "bias_percent", "laplacian_error", "streamers", "seam", "coverage"),
    *("interval", "predicted", "rms", "floor"),
)
"""Medians in the Markdown table; the CSV has all."""

ALSO = ("stars", "flicker", "mass")
"""Measures that are made when they are asked for: they fill the frames once more, or sequences of them."""

STAR_DN = 6000.0
"""Peak of the stars beside holes, DN."""

Table = list[dict[str, str]]

Progress = Callable[[str, int, int], None]
"""Called with what is measured, the number of steps that are done and that of all."""


@dataclass(frozen=True)
class Settings:
    """What is measured besides the errors, and how it is tabulated.

    Attributes
    ----------
    draws : int
        Draws of the bootstrap.
    pictures : bool
        Draw the worst, the middle and the best hole of each size.
    also : tuple of str
        Of `ALSO`.
    star_dn : float
        Peak of the stars, DN.
    notes : tuple of str
        Sentences that stand above the tables: what the networks are, and warnings.
    """

    draws: int = 200
    pictures: bool = True
    also: tuple[str, ...] = ()
    star_dn: float = STAR_DN
    notes: tuple[str, ...] = ()


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
    progress: Progress = lambda _what, _done, _all: None,
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
    progress : callable
        Called after every step.

    Returns
    -------
    list of Path
        holes.csv (a row per method and hole), medians.csv, relative.csv, intervals.csv, paired.csv, times.csv,
        benchmark.md, benchmark.html and benchmark.json; a table and its rows for each of `Settings.also`.

    Raises
    ------
    OptionError
        When no file can be used.
    OutputError
        When the folder cannot be written.
    """
    settings = settings or Settings()
    rows = benchmark.run(frames, methods, plan, calibration, context, skipped, partial(progress, "holes"))
    if not rows:
        raise OptionError("no frame has room for a hole", "give complete Level 0.5 frames of C2 or C3")
    times = [{key: str(row[key]) for key in ("frame", "size", "method", "seconds")} for row in rows]
    figures = [{key: value for key, value in row.items() if key != "seconds"} for row in rows]
    medians, paired = summary.medians(rows, settings.draws, plan.seed), summary.paired(rows, settings.draws, plan.seed)
    seconds = [{key: line[key] for key in ("telescope", "size", "method", "seconds")} for line in medians]
    for line in medians:
        del line["seconds"]
    tables: dict[str, Table] = {
        "Medians over holes, 95 % intervals over frames": medians,
        "Rms error over that of the network without context": relative(rows, settings.draws, plan.seed),
        "90 % intervals, and sums over holes": totals.interval_lines(rows, settings.draws, plan.seed),
        "The first method against its rivals": paired,
    }
    measured = _measured(frames, methods, plan, calibration, settings, context, progress)
    tables |= {title: lines for title, _, _, lines in measured}
    pictures = _pictures(frames, rows, methods, plan, calibration, context) if settings.pictures else {}
    text = (
        f"{len({row['frame'] for row in rows})} frames, seed {plan.seed}, CorInpaint {__version__}; hole pixels only."
    )
    shown = {**tables, "Seconds": seconds}
    columns = {"Medians over holes, 95 % intervals over frames": _columns_shown(medians)}
    contents = {
        "holes.csv": _csv(figures),
        "medians.csv": _csv(medians),
        "relative.csv": _csv(tables["Rms error over that of the network without context"]),
        "intervals.csv": _csv(tables["90 % intervals, and sums over holes"]),
        "paired.csv": _csv(paired),
        "times.csv": _csv(times),
        **{f"{name}.csv": _csv(found) for _, name, found, _ in measured},
        **{f"{name}_medians.csv": _csv(lines) for _, name, _, lines in measured},
        "benchmark.md": _markdown([text, *settings.notes], shown, columns).encode(),
        "benchmark.html": gallery.page([text, *settings.notes], tables, pictures, _explained(tables.values())).encode(),
        "benchmark.json": json.dumps({"version": __version__, **about, "plan": asdict(plan)}, indent=1).encode(),
    }
    write_all({output / name: content for name, content in contents.items()}, overwrite=True)
    return [output / name for name in contents]


def _measured(
    frames: Sequence[Path],
    methods: Mapping[str, Method],
    plan: Plan,
    calibration: CalibrationSet,
    settings: Settings,
    context: ContextFrames | None,
    progress: Progress,
) -> list[tuple[str, str, list[Row], Table]]:
    """What was asked for besides the errors: (title, name, rows, lines of the table) of each."""
    found: list[tuple[str, str, list[Row], Table]] = []
    if "stars" in settings.also:
        rows = _star_rows(frames, methods, plan, calibration, settings, context, progress)
        found.append(("Stars beside holes", "stars", rows, stars.lines(rows, settings.draws, plan.seed)))
    if {"flicker", "mass"} & set(settings.also):
        changes, masses = _sequence_rows(frames, methods, plan, calibration, settings, context, progress)
        if "flicker" in settings.also:
            lines = flicker.lines(changes, settings.draws, plan.seed)
            found.append(("Flicker along sequences", "flicker", changes, lines))
        if "mass" in settings.also:
            found.append(("Mass in base differences", "mass", masses, mass.lines(masses)))
    return found


def _star_rows(
    frames: Sequence[Path],
    methods: Mapping[str, Method],
    plan: Plan,
    calibration: CalibrationSet,
    settings: Settings,
    context: ContextFrames | None,
    progress: Progress,
) -> list[Row]:
    rows: list[Row] = []
    steps = [(path, size) for path in frames for size in plan.sizes]
    for number, (path, size) in enumerate(steps):
        try:
            holed_frame = benchmark.make_holes(read_frame(path), size, plan, calibration, context)
        except CorInpaintError:  # named by `benchmark.run` already
            holed_frame = None
        if holed_frame is not None:
            rows += stars.measure(holed_frame, methods, settings.star_dn, plan.seed)
        progress("stars", number + 1, len(steps))
    return rows


def _sequence_rows(
    frames: Sequence[Path],
    methods: Mapping[str, Method],
    plan: Plan,
    calibration: CalibrationSet,
    settings: Settings,
    context: ContextFrames | None,
    progress: Progress,
) -> tuple[list[Row], list[Row]]:
    """Rows of flicker and of mass."""
    changes: list[Row] = []
    masses: list[Row] = []
    steps = [(paths, size) for paths in sequences.sequences(frames) for size in plan.sizes]
    for number, (paths, size) in enumerate(steps):
        try:
            filled = list(sequences.fill(paths, size, methods, plan, calibration, context))
        except CorInpaintError:
            filled = []
        changes += flicker.measure(filled) if "flicker" in settings.also else []
        masses += mass.measure(filled) if "mass" in settings.also else []
        progress("sequences", number + 1, len(steps))
    return changes, masses


def _csv(lines: Sequence[Mapping[str, object]]) -> bytes:
    text = io.StringIO(newline="")
    if lines:
        writer = csv.DictWriter(text, fieldnames=list(lines[0]), lineterminator="\n")
        writer.writeheader()
        writer.writerows(lines)
    return text.getvalue().encode()


def _explained(tables: Iterable[Table]) -> dict[str, str]:
    """Meanings of the columns of tables."""
    return legend.of(name for lines in tables if lines for name in lines[0])


def _columns_shown(medians: Table) -> tuple[str, ...]:
    return tuple(name for name in medians[0] if name in {"telescope", "size", "method", "holes", "kind", *SHOWN})


def _markdown(
    texts: Sequence[str],
    tables: Mapping[str, Table],
    columns: Mapping[str, Sequence[str]],
) -> str:
    """Tables under their titles, of all their columns but where some are chosen, and the meaning of these."""
    parts = [f"{text}\n" for text in texts]
    for title, lines in tables.items():
        if lines:
            parts += [f"## {title}\n", summary.markdown(lines, columns.get(title, tuple(lines[0])))]
    shown = [[dict.fromkeys(columns.get(title, lines[0]), "")] for title, lines in tables.items() if lines]
    parts += ["## Columns\n", "".join(f"- `{name}`: {meaning}\n" for name, meaning in _explained(shown).items())]
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
