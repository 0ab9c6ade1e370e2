"""What the demonstrations share: simulated frames of a CME with missing blocks, and their fills against the truth."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.level1.calibrate import make_product
from corinpaint.lasco.level1.product import Flag, Level1File
from corinpaint.lasco.photometry.detector import calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.simulation import scene
from corinpaint.restore.pipeline import restore

SEED = 20
"""Of the simulated corona."""

DISTANCES = (None, 12.0, 16.0)
"""Of the CME's front from the sun's centre in the exposures, solar radii; None before it."""

BASELINE = "harmonic"
"""Fill without a network that the network is compared with."""


@dataclass(frozen=True)
class Score:
    """How far a fill is from the truth.

    Attributes
    ----------
    name : str
        Of the fill.
    error : float
        Median absolute difference from the complete exposure, which has noise, over the median noise of the same
        pixels: a perfect fill has 1.
    bias : float
        Difference of the means of the fill and of the noise-free scene, percent.
    """

    name: str
    error: float
    bias: float

    def __str__(self) -> str:
        return f"{self.name:<14} error {self.error:5.2f} x noise   bias {self.bias:+6.2f} %"


@dataclass(frozen=True)
class Comparison:
    """Fills of a frame against the truth of its simulation.

    Attributes
    ----------
    pixels : int
        Filled pixels.
    noise : float
        Of a pixel there, MSB.
    scores : tuple of Score
        Of the product and of the `BASELINE`.
    """

    pixels: int
    noise: float
    scores: tuple[Score, ...]

    def lines(self) -> list[str]:
        """As text."""
        head = f"{self.pixels} pixels in holes; noise of a pixel there {self.noise:.2e} mean solar brightness"
        return [head, *map(str, self.scores)]


def missing_blocks() -> blocks.Blocks:
    """Single blocks, a row of blocks and clusters in the corona; bool (32, 32), row 0 at the bottom."""
    missing = np.zeros((blocks.BLOCKS_PER_SIDE, blocks.BLOCKS_PER_SIDE), dtype=bool)
    missing[20, 7] = missing[9, 20] = missing[26, 19] = True
    missing[24, 10:14] = True
    missing[12:14, 22:24] = True
    missing[20:23, 23:26] = True
    return missing


def simulations() -> list[scene.Simulation]:
    """Exposures of one corona, before and during a CME; blocks are missing in the later ones, other ones in each."""
    upper = np.zeros_like(missing_blocks())
    upper[22, 21:23] = upper[14, 8] = True
    return scene.simulate_sequence(SEED, DISTANCES, missing=[0, upper, missing_blocks()])


def write(simulated: list[scene.Simulation], folder: Path) -> list[Path]:
    """Write the frames of simulations to a folder; files of an earlier run are replaced.

    Raises
    ------
    OutputError
        When a file cannot be written.
    """
    return [scene.write(one, folder / one.frame.name, overwrite=True) for one in simulated]


def compare(simulation: scene.Simulation, product: Level1File, name: str = "network") -> Comparison:
    """Compare the filled pixels of a product with the truth, and those of a fill without a network.

    Parameters
    ----------
    simulation : Simulation
        What the product was made from.
    product : Level1File
        Its product, by the nominal calibration.
    name : str
        Of the fill.

    Returns
    -------
    Comparison
    """
    complete = replace(simulation.frame, data=simulation.complete)
    observed = restore(complete, fill="none").level1.data
    exposed = calibrate_on_detector(complete, load_calibration_set())
    clean = make_product(replace(exposed, brightness=simulation.brightness)).data
    images: dict[str, NDArray[np.floating]] = {
        name: product.data,
        f"{BASELINE} fill": restore(simulation.frame, fill=BASELINE).level1.data,
    }
    mask = np.zeros(product.data.shape, np.uint8) if product.mask is None else product.mask
    holes = (mask == Flag.FILLED) & np.isfinite(observed)
    noise = float(np.median(np.abs(observed - clean)[holes]))
    scores = []
    for label, image in images.items():
        error = float(np.median(np.abs(image - observed)[holes])) / noise
        bias = float((image - clean)[holes].mean() / clean[holes].mean()) * 100
        scores.append(Score(label, error, bias))
    return Comparison(int(holes.sum()), noise, tuple(scores))
