"""How well the error of a filled hole in a CME is known: masses of holes in simulated CMEs against the truth.

    python benchmarks/cme_mass.py [--seeds 24]

A CME is simulated in each of some coronas, with holes where it is. The mass of the pixels of each hole is compared with
that in the complete exposure, in units of `Mass.fill_error` and of `Mass.fill_limit`. Of normal errors 68 % lie within
1 sigma and 90 % within 1.645. Simulated fronts are a few pixels wide and up to three times as bright as the corona.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

import corinpaint
from corinpaint.lasco.electrons.fills import filled_zones
from corinpaint.lasco.electrons.mass import mass
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.simulation.hole_placement import place_holes
from corinpaint.lasco.simulation.scene import simulate_sequence

SIZES = ("1", "2x2")

FEWEST_EXCESS = 0.1
"""Of the brightest block of the CME: what a block of a hole has at least, else it is not in the CME."""


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, default=24)
    seeds = parser.parse_args().seeds
    for size in SIZES:
        ratios = np.array([one for seed in range(seeds) for one in errors(seed, size)])
        for name, column in (("fill_error", 0), ("fill_limit", 1)):
            shares = [f"{(ratios[:, column] < limit).mean():4.0%} within {limit} sigma" for limit in (1, 1.645)]
            print(f"{size:4} {len(ratios):3} holes, {name}: {', '.join(shares)}")


def errors(seed: int, size: str) -> list[tuple[float, float]]:
    """Absolute errors of the holes of a frame, over `fill_error` and over `fill_limit`, each with the truth's noise."""
    base, complete = simulate_sequence(seed, [None, 6 + seed % 7 * 2.0])
    excess = blocks.block_means(complete.brightness - base.brightness)
    usable = (excess > FEWEST_EXCESS * excess.max()) & (blocks.block_means(base.complete > 0) == 1)
    holes = place_holes(usable, size, 4, np.random.default_rng(seed))
    if not holes:
        return []
    hole = blocks.to_pixels(np.logical_or.reduce(holes))
    frame = replace(complete.frame, data=np.where(hole, np.float32(0), complete.complete))
    before, filled, truth = (corinpaint.restore(one).level1 for one in (base.frame, frame, complete.frame))
    results = []
    for zone in filled_zones(filled):
        found, true = mass(filled, before, zone.pixels), mass(truth, before, zone.pixels)
        error = abs(found.grams - true.grams)
        sigmas = (np.hypot(one, true.noise_error) for one in (found.fill_error, found.fill_limit))
        results.append(tuple(error / sigma for sigma in sigmas))
    return results


if __name__ == "__main__":
    main()
