"""The nominal set: its fit on a made-up pair, and its files."""

from __future__ import annotations

import numpy as np
import pytest
from astropy.io import fits

from corinpaint.lasco.geometry import distortion
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.nominal import c3
from corinpaint.lasco.nominal.derivation import c3 as derivation


@pytest.mark.slow
def test_the_fit_finds_vignetting_and_ramp_of_synthetic_frames(make_frame, tmp_path):
    y, x = np.mgrid[0:1024, 0:1024].astype(float)
    radius = np.hypot(x - 516.456, y - 531.132)
    vignetting = 1 + 8 * np.exp(-((radius / 60) ** 2))
    ramp = c3.quadratic((3e-12, 1e-12, 5e-13, 0, 0, 0))
    scene = 6e-8 / (radius + 30) ** 1.2
    factor = 6.13e-13
    counts = 377.741 + (scene + ramp) / vignetting / factor * 19.1
    frame = read_frame(make_frame(counts.round().astype(np.int16)))
    corrected = distortion.undistort_map(distortion.occulter_centre(frame.date)).image(scene)
    raw = np.round(corrected / 2e-13).astype(np.int32)
    raw[radius < 62] = 0
    header = fits.Header({"BSCALE": 2e-13, "BZERO": 0.0, "LEVEL": "1.0"})
    hdu = fits.PrimaryHDU(raw)
    hdu.header.update(header)
    hdu.writeto(tmp_path / "35082038.fts")
    found = derivation.fit(tmp_path / "35082038.fts", frame, factor)
    ring = (radius > 75) & (radius < 440)
    assert np.abs(found.vignetting / vignetting - 1)[ring].max() < 0.05
    assert np.abs(c3.quadratic(found.ramp) - ramp)[ring].max() < 4e-13
    assert found.exposure_ratio == pytest.approx(1, abs=0.02)


def test_a_set_is_read_as_it_was_written(tmp_path):
    y, _ = np.mgrid[0:1024, 0:1024]
    field = y > 100
    made = derivation.NominalC3((1 + y / 1024).astype(np.float32), (1e-12, 0, 0, 0, 0, 0), field, 1.0, "a / b")
    derivation.write(made, tmp_path)
    vignetting, ramp, read_field = c3.read(tmp_path)
    assert np.abs(vignetting / made.vignetting - 1).max() < 1e-3
    assert np.allclose(ramp, 1e-12)
    assert np.array_equal(read_field, field)
