"""Colours that the colour-blind can tell apart, by the simulation of Machado, Oliveira & Fernandes (2009)."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from corinpaint.lasco.pictures.colour_tables import colour_table
from corinpaint.lasco.pictures.palette import HIDDEN, PALETTES, UNSENT
from corinpaint.lasco.pictures.panels import rgba

MACHADO = {
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
    "none": np.eye(3).tolist(),
}
"""Linear RGB as they see it, severity 1.0."""

NOTICEABLE = 12.0
"""CIELAB distance (1976) of colours that are told apart at a glance; just noticeable is about 2.3."""


def _lab(colours, matrix):
    """CIELAB of sRGB colours (0 to 1) after a change of linear RGB."""
    values = np.atleast_2d(colours)
    linear = np.where(values <= 0.04045, values / 12.92, ((values + 0.055) / 1.055) ** 2.4)
    linear = np.clip(linear @ np.transpose(matrix), 0, 1)
    to_xyz = [[0.4124, 0.3576, 0.1805], [0.2126, 0.7152, 0.0722], [0.0193, 0.1192, 0.9505]]
    x, y, z = np.cbrt(np.maximum(linear @ np.transpose(to_xyz) / (0.9505, 1.0, 1.089), 0.008856)).T
    return np.stack([116 * y - 16, 500 * (x - y), 200 * (y - z)], axis=-1)


def _of(colour):
    return rgba(colour)[:3] / 255


@pytest.mark.parametrize("sight", MACHADO)
@pytest.mark.parametrize("detector", PALETTES)
def test_the_flags_are_told_apart(detector, sight):
    palette = PALETTES[detector]
    colours = [palette.filled, palette.refused, palette.user, palette.saturated, HIDDEN, UNSENT]
    for one, other in combinations(colours, 2):
        distance = np.linalg.norm(_lab(_of(one), MACHADO[sight]) - _lab(_of(other), MACHADO[sight]))
        assert distance > NOTICEABLE, (one, other)


@pytest.mark.parametrize("sight", MACHADO)
@pytest.mark.parametrize("detector", PALETTES)
def test_outlines_of_filled_blocks_stand_out_from_every_brightness(detector, sight):
    table = _lab(colour_table(detector)(np.arange(256))[:, :3], MACHADO[sight])
    outline = _lab(_of(PALETTES[detector].filled), MACHADO[sight])
    assert np.linalg.norm(table - outline, axis=1).min() > NOTICEABLE
