"""Tables of vectors as JPL Horizons answers with them: text with a header and comma-separated rows."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

REQUIRED = {
    r"Target body name\s*:\s*SOHO\b.*\(-21\)": "the target is not SOHO (-21)",
    r"Center body name\s*:\s*Sun \(10\)": "the centre is not that of the sun (10)",
    r"Output units\s*:\s*KM-S\b": "the unit is not km (OUT_UNITS KM-S)",
    r"Output type\s*:\s*GEOMETRIC": "the vectors are not geometric (VEC_CORR NONE)",
    r"Reference frame\s*:\s*ICRF\b": "the axes are not those of the ICRF (REF_PLANE FRAME)",
    r"^\s*JDTDB\s*,": "the rows do not begin with Julian dates in TDB (CSV_FORMAT YES)",
}
"""Lines that the header of a table must have, and what is wrong without them."""

MIN_ROWS = 4
"""Minimum number of rows: as many as a position is interpolated from."""

MAX_STEP_DAYS = 0.2501
"""Maximum step between rows, days: cubic interpolation over 6 hours is exact to less than 1 km."""

DISTANCES_KM = (1.43e8, 1.52e8)
"""Range of SOHO's distance from the sun since 1996, km."""


def find_defect(text: str) -> str | None:
    """What is wrong with a table of SOHO's positions; None when nothing is.

    Parameters
    ----------
    text : str
        Content of the file.
    """
    refusal = re.search(r"No ephemeris for target.*", text)
    if refusal:
        return f"an answer of Horizons without a table ({refusal[0].strip()[:100]})"
    for pattern, problem in REQUIRED.items():
        if not re.search(pattern, text, re.MULTILINE):
            return f"not the table of Horizons that is asked for: {problem}"
    try:
        rows = read_rows(text)
    except ValueError as error:
        return f"a table of Horizons with a damaged row ({error})"
    if len(rows) < MIN_ROWS:
        return f"a table of Horizons with {len(rows)} rows"
    if not np.isfinite(rows).all():
        return "a table of Horizons with values that are not finite"
    steps = np.diff(rows[:, 0])
    if steps.min() <= 0 or steps.max() > MAX_STEP_DAYS:
        return "a table of Horizons whose steps are not positive and 6 hours at most"
    distances = np.linalg.norm(rows[:, 1:], axis=1)
    if distances.min() < DISTANCES_KM[0] or distances.max() > DISTANCES_KM[1]:
        return "a table of Horizons with positions where SOHO is not"
    return None


def read_rows(text: str) -> NDArray[np.float64]:
    """Rows of a table between ``$$SOE`` and ``$$EOE``.

    Returns
    -------
    ndarray of float64, shape (N, 4)
        Julian date (TDB), x, y and z in km.

    Raises
    ------
    ValueError
        When a row is not a date, its calendar form and three coordinates, or the end of the table is missing.
    """
    table = re.search(r"^\$\$SOE\s*$(.*?)^\$\$EOE\s*$", text, re.MULTILINE | re.DOTALL)
    if table is None:
        raise ValueError("$$SOE or $$EOE is missing")
    rows = [line.split(",") for line in table[1].splitlines() if line.strip()]
    values = [[float(row[column]) for column in (0, 2, 3, 4)] if len(row) >= 5 else [] for row in rows]
    if any(not row for row in values):
        raise ValueError("a row has too few columns")
    return np.array(values, dtype=np.float64).reshape(-1, 4)


def read(path: Path) -> str:
    """Text of a file."""
    return path.read_text(encoding="ascii", errors="replace")
