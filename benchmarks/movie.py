"""How fast a movie is made, against the same images drawn by matplotlib, and how much memory it takes.

    python benchmarks/movie.py PRODUCTS [--kind running] [--runs 3]

PRODUCTS is a folder of Level 1 products of one setting. The peer draws the same images into as large pictures by
matplotlib, with title and limb, and gives them to the same encoder. Memory is the largest resident size of a process
that makes the movie of all products, and of a quarter of them.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import numpy as np
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image as Pillow
from timing import machine, medians, table

from corinpaint.archive.movies.images import Kind, images, sample
from corinpaint.archive.movies.movie import Options, make_movie
from corinpaint.archive.movies.selection import select
from corinpaint.archive.movies.stretching import SAMPLE, common_stretch
from corinpaint.archive.movies.writers import Form, mp4
from corinpaint.lasco.level1.collection import Member, Setting, collect
from corinpaint.lasco.pictures.coordinates import solar_coordinates

SIZE = (1024, 1098)


def ours(setting: Setting, members: Sequence[Member], kind: Kind, path: Path) -> None:
    """The movie."""
    make_movie(setting, members, path, Options(kind, axis="frames"), overwrite=True)


def by_matplotlib(setting: Setting, members: Sequence[Member], kind: Kind, path: Path) -> None:  # noqa: ARG001
    """The same images as matplotlib draws them."""
    stretch = common_stretch(lambda: sample(members, kind, None, SAMPLE), kind)
    palette = np.zeros((256, 3), np.uint8)
    with mp4(path, Form(SIZE, 8.0, palette, {})) as add:
        for image in images(members, kind):
            figure = Figure(figsize=(SIZE[0] / 100, SIZE[1] / 100), dpi=100)
            axes = figure.add_axes((0, 0, 1, 0.93))
            scaled = stretch.of(image)
            axes.imshow(scaled.values, cmap="gray", vmin=scaled.limits[0], vmax=scaled.limits[1], origin="lower")
            axes.plot(*solar_coordinates(image.header).place(1.0, np.arange(0.0, 361.0, 3.0)), color="white")
            axes.set_title(str(image.member.taken))
            canvas = FigureCanvasAgg(figure)
            canvas.draw()
            add(Pillow.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy()), 0.125)


def memory(products: Sequence[Path], kind: Kind, folder: Path) -> float:
    """Largest resident size of the command line, MB."""
    words = [
        "movie",
        *map(str, products),
        "--kind",
        kind,
        "--time",
        "frames",
        "-o",
        str(folder / "m.mp4"),
        "--overwrite",
    ]
    # Not ru_maxrss, in which a process begins with the size of the one that started it.
    program = (
        "import sys\nfrom pathlib import Path\nfrom corinpaint.cli.main import main\n"
        f"main({words!r}, standalone_mode=False)\n"
        "lines = Path('/proc/self/status').read_text().splitlines()\n"
        "sys.stderr.write(next(line.split()[1] for line in lines if line.startswith('VmHWM')))"
    )
    done = subprocess.run([sys.executable, "-P", "-c", program], check=True, capture_output=True, text=True)
    return float(done.stderr.split()[-1]) / 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("products", type=Path)
    parser.add_argument("--kind", default="running", choices=["original", "running", "base"])
    parser.add_argument("--runs", type=int, default=3)
    given = parser.parse_args()
    setting, members = select(collect([given.products]))
    with tempfile.TemporaryDirectory() as name:
        path = Path(name) / "m.mp4"
        tasks = {
            "corinpaint movie": partial(ours, setting, members, given.kind, path),
            "matplotlib": partial(by_matplotlib, setting, members, given.kind, path),
        }
        spent = medians(tasks, given.runs)
        base = spent["corinpaint movie"]
        rows = [[task, ms / len(members), 1000 * len(members) / ms, ms / base] for task, ms in spent.items()]
        print(table(["", "ms a frame", "frames/s", "relative time"], rows))
        few = [member.path for member in members[: max(len(members) // 4, 2)]]
        for products in (few, [member.path for member in members]):
            print(f"\n{len(products)} products: {memory(products, given.kind, Path(name)):.0f} MB at most")
    print(f"\n{machine('numpy', 'pillow', 'matplotlib', 'imageio-ffmpeg')}")


if __name__ == "__main__":
    main()
