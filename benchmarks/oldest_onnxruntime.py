"""Whether the shipped ONNX runs in the oldest onnxruntime that docs/how_to/export.md promises, with the same fills.

    python benchmarks/oldest_onnxruntime.py [--version 1.17.0] [--python python3.11]

A virtual environment is made for it in a temporary folder, from the package registry, with the newest numpy that this
onnxruntime takes. Both versions fill the same window, whose answers are compared.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np

OLDEST = "1.17.0"
"""What the documentation promises."""

FILL = """
import sys
import numpy as np
import onnxruntime
model, given, output = sys.argv[1:]
session = onnxruntime.InferenceSession(model, providers=["CPUExecutionProvider"])
inputs = dict(np.load(given))
np.savez(output, **dict(zip(("filled", "reached", "scale"), session.run(["filled", "reached", "scale"], inputs))))
print("onnxruntime", onnxruntime.__version__, "numpy", np.__version__)
"""


def main() -> int:
    """Print what happened; 1 when the old version fails or its answer differs by more than rounding."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--version", default=OLDEST)
    parser.add_argument("--python", default=sys.executable, help="a Python that this onnxruntime has a wheel for")
    arguments = parser.parse_args()
    from corinpaint.restore.engines.onnx import default_onnx

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        np.savez(folder / "given.npz", **window())
        subprocess.run([arguments.python, "-m", "venv", folder / "old"], check=True)
        old = folder / "old" / "bin" / "python"
        wanted = [f"onnxruntime=={arguments.version}", "numpy<2"]  # wheels before 1.19 were built for numpy 1
        subprocess.run([old, "-m", "pip", "install", "-q", "--disable-pip-version-check", *wanted], check=True)
        answers = {}
        for label, python in (("old", old), ("this", sys.executable)):
            words = [python, "-c", FILL, default_onnx(), folder / "given.npz", folder / f"{label}.npz"]
            if subprocess.run(words, check=False).returncode:
                return 1
            answers[label] = np.load(folder / f"{label}.npz")
        worst = 0.0
        for output in ("filled", "reached", "scale"):
            difference = float(np.abs(answers["old"][output] - answers["this"][output]).max())
            print(f"{output}: largest difference {difference:.2g} (units of the noise)")
            worst = max(worst, difference)
    return int(worst > 1e-2)


def window() -> dict[str, np.ndarray]:
    """A window with a hole: a smooth corona in units of the noise, seen at 180 px from the sun's centre."""
    side, rng = 256, np.random.default_rng(0)
    mask = np.zeros((1, 2, side, side), np.float32)
    mask[0, 0] = 1
    mask[0, 0, 112:144, 112:144] = 0
    image = np.zeros_like(mask)
    image[0, 0] = 500 - np.linspace(0, 200, side)[:, None] + rng.normal(size=(side, side))
    return {"image": image * mask, "mask": mask, "place": np.array([[180.0, 1.0]], np.float32)}


if __name__ == "__main__":
    sys.exit(main())
