"""What the columns of a benchmark's tables mean, in the words that its pages and the documentation give."""

from __future__ import annotations

from collections.abc import Iterable

from corinpaint.evaluate.context_frames import SIDES

COLUMNS = {
    "telescope": "C2 or C3",
    "kind": "full or summed frames (2x2), through a polariser or not",
    "size": "shape of the holes in telemetry blocks of 32 x 32 px of the frame as it was sent, summed or not: rows x "
    "columns, clusters of 6 blocks, runs of consecutive blocks in the order of telemetry; @occulter and @pylon: beside "
    "the occulter, or in the direction of the pylon",
    "method": "network, fill without a network, or file of other weights; +context and temporal are given the nearest "
    f"earlier frames, those that end in {' or '.join(SIDES[1:])} the nearest ones before and after",
    "rival": "the method that the first one is compared with",
    "holes": "number of holes",
    "error": "median absolute error over median noise, both as standard deviations; the observed value holds its own "
    "noise, so a perfect fill has 1",
    "error_90": "the same of the 90th percentiles",
    "bias_sigma": "median signed error over median noise",
    "bias_percent": "mean error over mean brightness, percent",
    "psnr": "peak signal-to-noise ratio, dB",
    "ssim": "structural similarity (Wang et al. 2004) of the hole's pixels, evaluated with their surroundings",
    "equalised_error": "the error in the histogram-equalised domain",
    "laplacian_error": "the error over the noise that a Laplacian measures (Immerkaer 1996), which sees nothing of "
    "what lossy compression took away",
    "streamers": "correlation of fill and truth along the position angle, once the fall with radius is removed",
    "seam": "steps across the hole's edge over those of the truth at the same places; 1 when no seam shows",
    "coverage": "share of a hole's pixels whose truth lies in the 90 % interval of the fill",
    "interval": "factor by which that interval would have to be wider to hold 90 % of the hole's pixels",
    "predicted": "median standard deviation that the fill gives itself over median noise: what the error should be",
    "rms": "root mean square error over median noise; stars in the hole count as they are",
    "floor": "the rms of the truth about its own smooth version (Gaussian, 3 px): a smooth "
    "fill cannot do better, one that knows the response of the pixels can. In the table of ratios it is divided as the "
    "others are",
    "seconds": "time in which a method filled all holes of one size in a frame",
    "error_ratio": "error of the first method over the rival's on the same hole, median; below 1 the first is better",
    "error_90_ratio": "the same of the 90th percentiles",
    "won": "share of the holes in which the first method has the smaller error",
    "inside": "share of the pixels of all holes whose truth lies in the 90 % interval; 0.9 where these are right",
    "inside_worst": "the same of single holes, tenth percentile",
    "sum_percent": "absolute error of the sum over a hole, percent of the sum, median",
    "sum_percent_90": "the same, 90th percentile",
    "sum_factor": "1 sigma of the error of the sum over the sum of the pixels' sigma: 1 where all are off together",
    "star_dn": "peak of the star that is added 3 px outside of a hole, DN",
    "star_change": "largest change of a filled pixel by the star, units of its noise, median over the holes",
    "star_change_max": "the same, maximum",
    "flicker": "rms change of the fill's error from one frame to the next over the noise of their difference; 1 for a "
    "perfect fill",
    "flicker_blocks": "the same of the mean error of each block, which the eye sees; noise alone gives 0.03",
    "mass_truth": "mean mass that the base difference shows in a hole, electrons in the plane of the sky, g",
    "recovered": "mass of the fills over that of the truth, sums over the holes with more mass than in the base",
    "mass_error": "rms error of a hole's mass over the rms mass",
}
"""Meanings by the names of the columns."""


def of(columns: Iterable[str]) -> dict[str, str]:
    """Meanings of those columns of tables that have one, each once; names of methods are columns of one table."""
    return {name: COLUMNS[name] for name in dict.fromkeys(columns) if name in COLUMNS}
