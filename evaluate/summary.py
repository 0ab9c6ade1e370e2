"""Tables of a benchmark: medians with bootstrapped intervals, and a method compared with others on the same holes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Row = Mapping[str, float | str]

MEDIANS = (
    *("error", "error_90", "bias_sigma", "bias_percent", "psnr", "ssim", "equalised_error", "laplacian_error"),
    *("streamers", "seam", "coverage", "interval", "predicted", "rms", "floor", "seconds"),
)
"""Columns whose median over the holes of a size is reported."""

PROBABILITY = 0.95
"""Probability of the intervals."""


class Interval(NamedTuple):
    """A median over holes and its bootstrapped interval over frames."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        return f"{self.value:.3g} [{self.low:.3g}, {self.high:.3g}]"


def bootstrap(
    values: NDArray[np.float64],
    frames: Sequence[str],
    draws: int,
    seed: int,
    statistic: Callable[[NDArray[np.float64]], float] = lambda v: float(np.median(v)),
) -> Interval:
    """Interval of a statistic when frames (not holes, which belong together) are drawn again with replacement.

    Parameters
    ----------
    values : ndarray, shape (N,) or (N, K)
        One per hole, or K that belong together; those that are not finite are left out.
    frames : sequence of str
        The frame of each.
    draws : int
    seed : int
    statistic : callable

    Returns
    -------
    Interval
    """
    finite = np.isfinite(values).reshape(len(values), -1).all(axis=1)
    values, names = values[finite], np.asarray(frames)[finite]
    if not values.size:
        return Interval(float("nan"), float("nan"), float("nan"))
    groups = [values[names == name] for name in sorted(set(names.tolist()))]
    rng = np.random.default_rng(seed)
    drawn = [
        statistic(np.concatenate([groups[i] for i in rng.integers(len(groups), size=len(groups))]))
        for _ in range(draws)
    ]
    low, high = np.quantile(drawn, [(1 - PROBABILITY) / 2, (1 + PROBABILITY) / 2])
    return Interval(statistic(values), float(low), float(high))


def medians(rows: Sequence[Row], draws: int, seed: int) -> list[dict[str, str]]:
    """One line for each telescope, kind of frame, size and method.

    Parameters
    ----------
    rows : sequence of mapping
        As `corinpaint.evaluate.benchmark.run` gives them.
    draws, seed : int
        Of the bootstrap.

    Returns
    -------
    list of dict
    """
    lines = []
    for keys, chosen in groups(rows, "telescope", "kind", "size", "method"):
        frames = [str(row["frame"]) for row in chosen]
        kind = keys.pop("kind")
        line = keys | {"holes": str(len(chosen)), "kind": kind}
        line |= {name: str(bootstrap(column(chosen, name), frames, draws, seed)) for name in MEDIANS}
        lines.append(line)
    return lines


def paired(rows: Sequence[Row], draws: int, seed: int) -> list[dict[str, str]]:
    """The first method compared with every other one, hole by hole.

    Returns
    -------
    list of dict
        For each telescope, kind of frame, size and rival: median over the holes of the first method's error over the
        rival's (below 1 the first is better), its interval, the same for the 90th percentile, and the share of holes
        that it wins.
    """
    first = str(rows[0]["method"])
    lines = []
    for keys, of_rival in groups(rows, "telescope", "kind", "size", "method"):
        rival = keys["method"]
        if rival == first:
            continue
        wanted = keys | {"method": first}
        ours = by_hole([row for row in rows if all(row[name] == value for name, value in wanted.items())])
        theirs = by_hole(of_rival)
        common = [key for key in ours if key in theirs]
        frames = [key[0] for key in common]
        line = {"telescope": keys["telescope"], "size": keys["size"], "method": first, "rival": rival}
        line |= {"holes": str(len(common)), "kind": keys["kind"]}
        for name in ("error", "error_90"):
            ratio = np.array([float(ours[key][name]) / float(theirs[key][name]) for key in common])
            line[f"{name}_ratio"] = str(bootstrap(ratio, frames, draws, seed))
        won = np.array([float(ours[key]["error"]) < float(theirs[key]["error"]) for key in common], dtype=float)
        line["won"] = f"{np.mean(won):.2f}" if won.size else "nan"
        lines.append(line)
    return lines


def markdown(lines: Sequence[Mapping[str, str]], columns: Sequence[str]) -> str:
    """A table in Markdown."""
    head = [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
    return "\n".join([*head, *(f"| {' | '.join(line[name] for name in columns)} |" for line in lines)]) + "\n"


def groups(rows: Sequence[Row], *names: str) -> list[tuple[dict[str, str], list[Row]]]:
    """Rows that share their values in some columns, with these values, in the order of their first rows."""
    found: dict[tuple[str, ...], list[Row]] = {}
    for row in rows:
        found.setdefault(tuple(str(row[name]) for name in names), []).append(row)
    return [(dict(zip(names, key, strict=True)), members) for key, members in found.items()]


def filled_by_all(rows: Sequence[Row], name: str) -> list[Row]:
    """Rows of the holes that all methods fill, so that figures of different methods are of the same holes.

    Parameters
    ----------
    rows : sequence of mapping
        With telescope, kind, size, frame, hole and method.
    name : str
        Column that is finite where a hole is filled.

    Returns
    -------
    list of mapping
        A method that fills no hole of a size in frames of a kind is left out there and does not count.
    """
    found: list[Row] = []
    for _, members in groups(rows, "telescope", "kind", "size"):
        finite = [row for row in members if np.isfinite(float(row[name]))]
        holes = [set(by_hole(chosen)) for _, chosen in groups(finite, "method")]
        common = set.intersection(*holes) if holes else set()
        found += [row for row in finite if (str(row["frame"]), str(row["hole"])) in common]
    return found


def column(rows: Sequence[Row], name: str) -> NDArray[np.float64]:
    """Values of a column; shape (N,)."""
    return np.array([float(row[name]) for row in rows])


def by_hole(rows: Sequence[Row]) -> dict[tuple[str, str], Row]:
    """Rows of one method and size by frame and hole."""
    return {(str(row["frame"]), str(row["hole"])): row for row in rows}
