"""Fit SOHO's path to stars in frames of C2 and C3, and write the table lasco/geometry/halo_orbit.csv.

    python benchmarks/halo_orbit.py FRAME_OR_FOLDER... [-o TABLE]

The path is a chain of arcs of ten days under the gravity of sun, earth and moon, whose ends meet to 50 km and 0.02 m/s
(station keeping). It is fitted to the place of SOHO beside the line from the sun to the earth on each day, which the
common shift of the stars gives. Every second day of C2, and the days of C3 in `C3_DAYS`, are fitted; the others are
compared with the fit. Nothing measures the distance from the sun: it follows from the dynamics.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import erfa
import numpy as np
from astropy.time import Time
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse.linalg import spsolve
from stars import read_frames

from corinpaint.lasco.geometry.observer import AU_M, L1_FRACTION, MOON_SHARE, stonyhurst_axes
from corinpaint.lasco.geometry.star_offsets import measure
from corinpaint.lasco.geometry.stars import soho_position
from corinpaint.lasco.level1.calibrate import calibrate

Array = NDArray[np.float64]

DAY_S, AU_KM = 86400.0, AU_M / 1e3
MU_SUN = 1.32712440018e11 * DAY_S**2 * (1 - 1.1e-5)  # km^3 per day^2, less the pressure of light on SOHO
MU_EARTH, MU_MOON = 398600.4418 * DAY_S**2, 4902.800066 * DAY_S**2
TDB_MINUS_UTC_DAYS = 69 / DAY_S

FIRST_MJD, LAST_MJD, SPAN_DAYS, STEP_DAYS = 50140.0, 64800.0, 10.0, 0.25
MEETING_KM, MEETING_KM_PER_DAY = 50.0, 0.02e-3 * DAY_S
ERRORS_KM = {"C2": 6e3, "C3": 15e3}
"""Errors of a place from the sun centre of the headers: half a pixel of C2, a quarter of one of C3."""

C3_DAYS = (52282, 52283, 52284, 53113, 54330)
"""Days of C3 that are fitted, MJD: 2002-01-08 to 10, 2004-04-18 and 2007-08-18."""

MIN_STARS = 2
EDGE_DAYS = 20.0


class Place(NamedTuple):
    """SOHO beside the line from the sun to the earth: west and north of the ecliptic, km, and whether it is fitted."""

    mjd: float
    west: float
    north: float
    detector: str
    fitted: bool


def main() -> None:
    """Fit, print the differences, and write the table."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("inputs", nargs="+", type=Path, help="Level 0.5 frames of C2 and C3, or folders of them")
    parser.add_argument("-o", "--output", type=Path, help="table to write")
    arguments = parser.parse_args()
    places = _places(arguments.inputs)
    times, states = _fit([place for place in places if place.fitted])
    print("| date | telescope | used for | west, km | north, km |\n|---|---|---|---|---|")
    for place in places:
        axes = _axes(_bodies(place.mjd)[0])
        found = axes @ _at(times, states, place.mjd)
        used, date = ("the fit" if place.fitted else "the check"), Time(place.mjd, format="mjd").isot[:10]
        print(f"| {date} | {place.detector} | {used} | {place.west - found[1]:+.0f} | {place.north - found[2]:+.0f} |")
    if arguments.output:
        _write(arguments.output, times, states)


def _places(inputs: list[Path]) -> list[Place]:
    """The first frame of each day and telescope with enough stars."""
    found: dict[tuple[str, int], tuple[float, float, float]] = {}
    for frame in read_frames(inputs):
        key = frame.detector, int(frame.date.mjd)
        if key in found:
            continue
        product = calibrate(frame)
        stars = measure(product.data, product.header)
        if np.count_nonzero(stars.matched) < MIN_STARS:
            continue
        header, roll = product.header, np.radians(product.header["CROTA2"])
        across, up = stars.shift[0] * header["CDELT1"], stars.shift[1] * header["CDELT2"]
        west, north = across * np.cos(roll) - up * np.sin(roll), across * np.sin(roll) + up * np.cos(roll)
        mjd = float(Time(header["DATE-OBS"]).mjd)
        earth = _bodies(mjd)[0]
        soho = soho_position(header, 1e3 * earth) / 1e3
        towards, (_, _, pole) = -soho / np.linalg.norm(soho), stonyhurst_axes(earth)
        upward = pole - (pole @ towards) * towards
        upward /= np.linalg.norm(upward)
        # The stars lie west of their places where the sun, and SOHO opposite it, is further east.
        sun = towards - np.radians(west / 3600) * np.cross(towards, upward) - np.radians(north / 3600) * upward
        place = _axes(earth) @ (-sun / np.linalg.norm(sun) * np.linalg.norm(soho))
        found[key] = mjd, float(place[1]), float(place[2])
    days = sorted(day for detector, day in found if detector == "C2")
    fitted = {("C2", day) for day in days[::2]} | {("C3", day) for day in C3_DAYS}
    return [Place(*place, key[0], key in fitted) for key, place in sorted(found.items())]


def _bodies(mjd: Array | float) -> tuple[Array, Array]:
    """Earth and moon relative to the sun, km, on the axes of the ICRS; each of shape (..., 3)."""
    earth, _ = erfa.epv00(2400000.5, np.asarray(mjd) + TDB_MINUS_UTC_DAYS)
    moon = erfa.moon98(2400000.5, np.asarray(mjd) + TDB_MINUS_UTC_DAYS)
    place = AU_KM * np.stack([earth["p"][..., axis] for axis in range(3)], axis=-1)
    return place, place + AU_KM * np.stack([moon["p"][..., axis] for axis in range(3)], axis=-1)


def _axes(line: Array) -> Array:
    """Along a line from the sun, along the earth's motion, and north of the ecliptic; rows, shape (..., 3, 3)."""
    obliquity = np.radians(84381.406 / 3600)
    outward = line / np.linalg.norm(line, axis=-1, keepdims=True)
    west = np.cross([0.0, -np.sin(obliquity), np.cos(obliquity)], outward)
    west = west / np.linalg.norm(west, axis=-1, keepdims=True)
    return np.stack([outward, west, np.cross(outward, west)], axis=-2)


def _acceleration(place: Array, earth: Array, moon: Array) -> tuple[Array, Array]:
    """Acceleration relative to the sun, shape (N, 3), and its gradient, shape (N, 3, 3)."""
    total, gradient = np.zeros_like(place), np.zeros((*place.shape, 3))
    for mu, body in ((MU_SUN, np.zeros_like(place)), (MU_EARTH, earth), (MU_MOON, moon)):
        towards = body - place
        distance = np.linalg.norm(towards, axis=-1)[:, None]
        total += mu * towards / distance**3
        gradient += mu * (
            3 * towards[:, :, None] * towards[:, None, :] / distance[..., None] ** 5
            - np.eye(3) / distance[..., None] ** 3
        )
        if mu != MU_SUN:  # the sun is accelerated too
            total -= mu * body / np.linalg.norm(body, axis=-1)[:, None] ** 3
    return total, gradient


def _propagate(start: Array, states: Array, days: float) -> tuple[Array, Array]:
    """States (N, 6) after some days, km and km per day, and their derivatives by the first ones (N, 6, 6)."""
    steps = max(int(np.ceil(days / STEP_DAYS)), 1)
    step, change = days / steps, np.tile(np.eye(6), (len(states), 1, 1))
    linear = np.zeros_like(change)
    linear[:, :3, 3:] = np.eye(3)

    def slope(state: Array, matrix: Array, bodies: tuple[Array, Array]) -> tuple[Array, Array]:
        acceleration, linear[:, 3:, :3] = _acceleration(state[:, :3], *bodies)
        return np.concatenate([state[:, 3:], acceleration], axis=1), linear @ matrix

    for number in range(steps):
        first, middle, last = (_bodies(start + (number + part) * step) for part in (0.0, 0.5, 1.0))
        a = slope(states, change, first)
        b = slope(states + step / 2 * a[0], change + step / 2 * a[1], middle)
        c = slope(states + step / 2 * b[0], change + step / 2 * b[1], middle)
        d = slope(states + step * c[0], change + step * c[1], last)
        states = states + step / 6 * (a[0] + 2 * b[0] + 2 * c[0] + d[0])
        change = change + step / 6 * (a[1] + 2 * b[1] + 2 * c[1] + d[1])
    return states, change


def _first_guess(mjd: Array) -> Array:
    """Richardson's halo orbit (1980, Celestial Mechanics 22, 241), second order, with amplitudes as seen in C3."""

    def place(day: Array) -> Array:
        tau = 2 * np.pi * (day - 52025.3) / 177.89
        outward = 62200 - 206000 * np.cos(tau) - 24900 * np.cos(2 * tau)
        west = 664656 * np.sin(tau) - 15000 * np.sin(2 * tau)
        north = -16900 - 115000 * np.cos(tau) + 5600 * np.cos(2 * tau)
        earth, moon = _bodies(day)
        barycentre = earth + MOON_SHARE * (moon - earth)
        local = np.stack([outward, west, north], axis=-1) * np.linalg.norm(barycentre, axis=-1)[:, None] / AU_KM
        return 0.98999 * barycentre + np.einsum("ni,nij->nj", local, _axes(barycentre))

    return np.concatenate([place(mjd), (place(mjd + 0.05) - place(mjd - 0.05)) / 0.1], axis=1)


def _fit(places: Sequence[Place]) -> tuple[Array, Array]:
    """Times (N,) and states (N, 6) at the beginning of each arc, by Gauss and Newton's method."""
    times = np.arange(FIRST_MJD, LAST_MJD, SPAN_DAYS)
    states, count = _first_guess(times), 6 * len(times)
    scale = sparse.diags(np.tile([1e3] * 3 + [10.0] * 3, len(times)))
    weights = np.array([1 / MEETING_KM] * 3 + [1 / MEETING_KM_PER_DAY] * 3)
    for _ in range(12):
        ends, change = _propagate(times[:-1], states[:-1], SPAN_DAYS)
        meeting = sparse.hstack(
            [sparse.block_diag(list(change * weights[:, None])), sparse.csr_matrix((count - 6, 6))], format="csr"
        ) - sparse.diags(np.tile(weights, len(times) - 1), 6, shape=(count - 6, count))
        rows, values = [], []
        for place in places:
            index = int((place.mjd - FIRST_MJD) // SPAN_DAYS)
            found, by_state = _propagate(times[index : index + 1], states[index : index + 1], place.mjd - times[index])
            axes = _axes(_bodies(place.mjd)[0]) / ERRORS_KM[place.detector]
            for axis, wanted in ((axes[1], place.west), (axes[2], place.north)):
                row = np.zeros(count)
                row[6 * index : 6 * index + 6] = axis @ by_state[0, :3]
                rows.append(sparse.csr_matrix(row))
                values.append(axis @ found[0, :3] - wanted / ERRORS_KM[place.detector])
        design = sparse.vstack([meeting, *rows]) @ scale
        residuals = np.concatenate([((ends - states[1:]) * weights).ravel(), values])
        step = scale @ spsolve((design.T @ design + 1e-10 * sparse.eye(count)).tocsc(), -design.T @ residuals)
        states = states + step.reshape(-1, 6)
        if np.abs(step.reshape(-1, 6)[:, :3]).max() < 1.0:
            break
    return times, states


def _at(times: Array, states: Array, mjd: float) -> Array:
    """Place at a time, km."""
    index = int((mjd - times[0]) // SPAN_DAYS)
    return _propagate(times[index : index + 1], states[index : index + 1], mjd - times[index])[0][0, :3]


def _write(path: Path, times: Array, states: Array) -> None:
    """The table of `corinpaint.lasco.geometry.observer`, without the ends, where the chain is loose."""
    inside = (times >= FIRST_MJD + EDGE_DAYS) & (times <= LAST_MJD - 5 * EDGE_DAYS)
    times, states = times[inside], states[inside]
    earth, moon = _bodies(times)
    barycentre = earth + MOON_SHARE * (moon - earth)
    local = np.einsum("nij,nj->ni", _axes(barycentre), states[:, :3])
    local[:, 0] -= L1_FRACTION * np.linalg.norm(barycentre, axis=1)
    lines = [
        "# SOHO's halo orbit, every 10 days: a path under the gravity of sun, earth and moon, "
        "fitted to stars in C2 and C3.",
        "# From 0.99 of the distance of the earth-moon barycentre: towards it, along its motion, "
        "and north of the ecliptic.",
        "mjd_tdb,outward_km,west_km,north_km",
    ]
    for day, (outward, west, north) in zip(times + TDB_MINUS_UTC_DAYS, local, strict=True):
        lines.append(f"{day:.4f},{outward:.0f},{west:.0f},{north:.0f}")
    path.write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
