"""Derivation of the maps of `corinpaint.lasco.nominal.pixel_response` from Level 0.5 frames of many days.

In every frame the relative excess of each pixel over its neighbourhood is measured. What the corona, the stars and the
noise contribute differs from day to day; the response of the pixel stays. The map is the mean of the days, each
weighted by how well it knows the pixel, without the values that are far from the median.

Run ``python -m corinpaint.lasco.nominal.derivation.pixel_response FRAMES [--without DAY ...]`` to derive the maps again
and to see what they are worth on days that they were not made of.
"""

from __future__ import annotations

import argparse
import io
import logging
from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from corinpaint.lasco.errors import CorInpaintError
from corinpaint.lasco.files import package_data, write_bytes
from corinpaint.lasco.level05.frame import FRAME_SHAPE, read_frame
from corinpaint.lasco.nominal import pixel_response
from corinpaint.lasco.photometry.detector import ObservedFrame, calibrate_on_detector
from corinpaint.lasco.photometry.optics import load_calibration_set

logger = logging.getLogger(__name__)

FARTHEST = 4.0
"""Maximum distance of a value from the median, in units of its noise."""

UNIT = 2e-4
"""Relative response per stored integer."""

ROWS_AT_ONCE = 64
"""Rows whose median is taken at once."""

MOST_A_DAY = 6
"""Maximum number of frames of a day that are used, spread over it."""

MIN_DAYS = 3
"""Minimum number of days."""


@dataclass(frozen=True, eq=False)
class Sample:
    """What one frame says about the response of the pixels.

    Attributes
    ----------
    detector, day, name : str
    excess : ndarray of float16, shape (1024, 1024)
        Relative excess over the neighbourhood; 0 where the weight is 0.
    precision : ndarray of float16, shape (1024, 1024)
        Brightness of the neighbourhood in units of the noise of a pixel; 0 where it was not observed.
    """

    detector: str
    day: str
    name: str
    excess: NDArray[np.float16]
    precision: NDArray[np.float16]


def sample(observed: ObservedFrame) -> Sample:
    """Measure the excess of the pixels of a frame at full resolution."""
    known = observed.observed & np.isfinite(observed.brightness) & (observed.variance > 0)
    found = pixel_response.excess(observed.brightness, np.sqrt(np.where(known, observed.variance, 1)), known)
    frame = observed.frame
    return Sample(
        frame.detector,
        frame.date.isot[:10],
        frame.name,
        np.clip(found.relative, -1, 10).astype(np.float16),
        np.clip(found.precision, 0, 1e4).astype(np.float16),
    )


class Measurement:
    """Response of the pixels of one telescope, from samples of many days.

    Parameters
    ----------
    samples : sequence of Sample
        Of one telescope.
    """

    def __init__(self, samples: Sequence[Sample]) -> None:
        self.samples = list(_spread(samples))
        middle = _median(self.samples)
        self._days: dict[str, tuple[NDArray[np.float32], NDArray[np.float32]]] = {}
        by_day = defaultdict(list)
        for one in self.samples:
            by_day[one.day].append(one)
        for day, frames in by_day.items():
            total, weight = np.zeros((2, *FRAME_SHAPE), dtype=np.float32)
            for one in frames:
                precision = one.precision.astype(np.float32)
                near = np.abs(one.excess - middle) * precision < FARTHEST
                share = np.where(near, precision**2, 0) / len(frames)
                total += one.excess * share
                weight += share
            self._days[day] = total, weight

    @property
    def days(self) -> tuple[str, ...]:
        """Days of the samples, in order."""
        return tuple(sorted(self._days))

    def response(self, without: Iterable[str] = ()) -> NDArray[np.float32]:
        """The map, from all days but some; see `corinpaint.lasco.nominal.pixel_response.load`."""
        kept = [self._days[day] for day in self.days if day not in set(without)]
        if not kept:
            return np.zeros(FRAME_SHAPE, dtype=np.float32)
        total, weight = (np.sum(part, axis=0) for part in zip(*kept, strict=True))
        return np.where(weight > 0, total / np.where(weight > 0, weight, 1), 0).astype(np.float32)


def _spread(samples: Sequence[Sample]) -> Iterable[Sample]:
    by_day = defaultdict(list)
    for one in samples:
        by_day[one.day].append(one)
    for frames in by_day.values():
        chosen = np.unique(np.linspace(0, len(frames) - 1, min(len(frames), MOST_A_DAY)).round().astype(int))
        yield from (frames[number] for number in chosen)


def _median(samples: Sequence[Sample]) -> NDArray[np.float32]:
    """Median excess of each pixel over the samples that observed it; 0 where none did."""
    middle = np.zeros(FRAME_SHAPE, dtype=np.float32)
    for first in range(0, FRAME_SHAPE[0], ROWS_AT_ONCE):
        rows = slice(first, first + ROWS_AT_ONCE)
        values = np.stack([np.where(one.precision[rows] > 0, one.excess[rows], np.nan) for one in samples])
        seen = np.isfinite(values).any(axis=0)
        middle[rows][seen] = np.nanmedian(values[:, seen].astype(np.float32), axis=0)
    return middle


RINGS = ((150, 190), (190, 220), (220, 300), (300, 400), (400, 520))
"""Distances from the sun centre of the table that `main` logs, px."""


def scatter(one: Sample, response: NDArray[np.float32], ring: tuple[int, int]) -> tuple[float, float]:
    """What a map knows of a frame.

    Parameters
    ----------
    one : Sample
    response : ndarray of float32, shape (1024, 1024)
        The map, without the frame's own day.
    ring : tuple of int
        Least and largest distance from the middle of the detector, px.

    Returns
    -------
    scatter : float
        Standard deviation of the excess of the pixels, in units of their noise.
    remaining : float
        The same after division by the response.
    """
    rows, columns = np.indices(FRAME_SHAPE)
    distance = np.hypot(rows - FRAME_SHAPE[0] / 2, columns - FRAME_SHAPE[1] / 2)
    wanted = (one.precision > 0) & (response != 0) & (distance >= ring[0]) & (distance < ring[1])
    precision, excess = one.precision[wanted].astype(np.float64), one.excess[wanted].astype(np.float64)
    before, after = excess * precision, ((1 + excess) / (1 + response[wanted]) - 1) * precision
    near = np.abs(after) < FARTHEST
    return float(before[near].std()), float(after[near].std())


def to_bytes(measurement: Measurement) -> bytes:
    """The map as a FITS file, with the days and files that it is made of."""
    stored = np.clip(np.rint(measurement.response() / UNIT), -4000, 32000).astype(np.int16)
    image = fits.CompImageHDU(stored, compression_type="RICE_1")
    header = image.header
    header["BSCALE"], header["BZERO"] = UNIT, 0.0
    header["DETECTOR"] = measurement.samples[0].detector
    header["WIDTH"] = (pixel_response.SMOOTHING, "px, Gaussian that the response is relative to")
    header["NFRAMES"], header["NDAYS"] = len(measurement.samples), len(measurement.days)
    header["HISTORY"] = f"Days: {' '.join(measurement.days)}"
    header["HISTORY"] = f"Frames: {' '.join(one.name for one in measurement.samples)}"
    target = io.BytesIO()
    fits.HDUList([fits.PrimaryHDU(), image]).writeto(target)
    return target.getvalue()


def read_samples(folder: Path, without: Iterable[str] = ()) -> list[Sample]:
    """Samples of the full frames at full resolution in a folder and below, less some days; damaged files are named."""
    calibration, left_out, found = load_calibration_set(), set(without), []
    for path in sorted(folder.rglob("*.f*ts*")):
        try:
            frame = read_frame(path)
            if frame.data.shape != FRAME_SHAPE or frame.subfield is not None or frame.date.isot[:10] in left_out:
                continue
            found.append(sample(calibrate_on_detector(frame, calibration)))
        except CorInpaintError as error:
            logger.warning("left out: %s", error)
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Derive the maps of both telescopes and log what they are worth."""
    logging.basicConfig(level=logging.INFO, format="%(message)s")
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("frames", type=Path, help="folder of Level 0.5 frames")
    parser.add_argument("--without", nargs="*", default=[], metavar="DAY", help="days that are left out, YYYY-MM-DD")
    parser.add_argument("-o", "--output", type=Path, default=package_data("corinpaint.lasco.nominal"))
    options = parser.parse_args(arguments)
    samples = read_samples(options.frames, options.without)
    for detector, name in pixel_response.FILES.items():
        mine = [one for one in samples if one.detector == detector]
        days = len({one.day for one in mine})
        if days < MIN_DAYS:
            logger.warning("%s: %d days are too few", detector, days)
            continue
        measurement = Measurement(mine)
        write_bytes(options.output / name, to_bytes(measurement), overwrite=True)
        logger.info("%s: %d frames of %d days", detector, len(measurement.samples), days)
        table = []
        for one in {one.day: one for one in measurement.samples}.values():
            response = measurement.response([one.day])
            table.append([scatter(one, response, ring) for ring in RINGS])
        for ring, figures in zip(RINGS, np.median(table, axis=0), strict=True):
            logger.info("  %d-%d px: scatter %.2f x noise, %.2f without the response", *ring, *figures)


if __name__ == "__main__":
    main()
