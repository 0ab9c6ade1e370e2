"""The maps of the pixel response that the package carries."""

from __future__ import annotations

import hashlib
from pathlib import Path

import numpy as np
import pytest

from corinpaint.lasco.errors import CalibrationError
from corinpaint.lasco.level05 import blocks
from corinpaint.lasco.nominal import pixel_response


@pytest.mark.parametrize("detector", ["C2", "C3"])
def test_a_map_is_a_fine_pattern_of_about_one_percent(detector):
    response = pixel_response.load(detector)
    middle = response[600:900, 100:400].clip(-0.03, 0.03)  # C2 has a speck of dust there
    assert response.shape == (1024, 1024)
    assert response.dtype == np.float32
    assert 0.006 < middle.std() < 0.012
    assert abs(middle.mean()) < 0.002
    beside = np.corrcoef(middle[:, 1:].ravel(), middle[:, :-1].ravel())[0, 1]
    assert abs(beside) < 0.2


def test_the_maps_of_the_telescopes_have_nothing_in_common():
    ours, others = (pixel_response.load(detector)[600:900, 100:400].ravel() for detector in ("C2", "C3"))
    assert abs(np.corrcoef(ours, others)[0, 1]) < 0.05


@pytest.mark.parametrize("shape", [(512, 512), (512, 1024)])
def test_that_of_a_summed_frame_is_the_mean_of_the_pixels_of_a_sum(shape):
    sums = (1024 // shape[0], 1024 // shape[1])
    expected = blocks.block_means(pixel_response.load("C2"), sums)
    assert np.allclose(pixel_response.load("C2", shape), expected, atol=1e-6)


def test_nobody_can_change_a_map():
    with pytest.raises(ValueError, match="read-only"):
        pixel_response.load("C2")[0, 0] = 1


def test_a_map_is_named_by_its_hash():
    path = Path(pixel_response.__file__).parent / pixel_response.FILES["C3"]
    assert pixel_response.file("C3") == ("pixel_response_c3.fits", hashlib.sha256(path.read_bytes()).hexdigest())


@pytest.mark.filterwarnings("ignore:File may have been truncated")
def test_a_damaged_map_is_an_error(tmp_path, monkeypatch):
    whole = (Path(pixel_response.__file__).parent / pixel_response.FILES["C2"]).read_bytes()
    (tmp_path / "cut.fits").write_bytes(whole[:2880])
    monkeypatch.setattr(pixel_response, "package_data", lambda *_: tmp_path / "cut.fits")
    with pytest.raises(CalibrationError, match="pixel response is damaged"):
        pixel_response.load.__wrapped__("C2")


def test_the_neighbourhood_is_the_average_of_the_known_pixels():
    image, known = np.full((40, 40), 5.0), np.ones((40, 40), dtype=bool)
    image[:, 20:], known[:, 20:] = np.nan, False
    found = pixel_response.neighbourhood(image, known)
    assert np.allclose(found[:, :20], 5)
    assert np.isnan(found[:, 39]).all()
