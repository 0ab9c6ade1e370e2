"""A scene: what a network is shown of it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from noise_scenes import make_noise_scene


def test_point_sources_are_known_and_not_shown():
    scene = make_noise_scene(1)
    assert np.array_equal(scene.seen, scene.known)
    sources = np.zeros_like(scene.known)
    sources[20:23, 20:23] = True
    starry = replace(scene, sources=sources)
    assert np.array_equal(starry.seen, scene.known & ~sources)
    assert np.array_equal(starry.known, scene.known)
