"""Counts as the telemetry brings them: summing, wrapped integers, subfields."""

from __future__ import annotations

import numpy as np
import pytest

from corinpaint.lasco import errors
from corinpaint.lasco.level05 import readout
from corinpaint.lasco.level05.frame import read_frame

SUMMED = {"LEBXSUM": 2, "LEBYSUM": 2}


def test_a_negative_sum_is_increased_by_65536():
    assert readout.unwrap(np.array([-1, -32768, 0, 32767])).tolist() == [65535, 32768, 0, 32767]


def test_a_summed_frame_is_unwrapped_when_it_is_read(make_frame):
    counts = np.full((512, 512), 40000, np.uint16).view(np.int16)
    assert counts.min() < 0
    read = read_frame(make_frame(counts, **SUMMED))
    assert (read.data == 40000).all()
    assert read.sums == readout.Summing(1, 1, 2, 2)


def test_a_negative_count_without_summing_is_an_error(make_frame):
    with pytest.raises(errors.BadKeywordError, match="-1"):
        read_frame(make_frame(np.full((1024, 1024), -1, np.int16)))


def test_sums_on_chip_and_on_board_multiply(make_frame):
    read = read_frame(make_frame(np.full((256, 256), 900, np.int16), SUMCOL=2, SUMROW=2, **SUMMED))
    assert (read.sums.x, read.sums.y, read.sums.pixels, read.sums.reads) == (4, 4, 16, 4)


def test_zero_and_one_both_mean_no_summing(make_frame):
    assert read_frame(make_frame(SUMCOL=1, SUMROW=0, LEBXSUM=0)).sums == readout.Summing()


def test_a_subfield_is_placed_by_its_corners(make_frame):
    counts = np.arange(256 * 512, dtype=np.int16).reshape(256, 512) % 1000 + 400
    read = read_frame(make_frame(counts, R1COL=20 + 128, R1ROW=1 + 320, R2COL=20 + 639, R2ROW=1 + 575))
    assert read.data.shape == (1024, 1024)
    assert np.array_equal(read.data[320:576, 128:640], counts)
    assert np.count_nonzero(read.data) == counts.size
    assert read.read_out.sum() == counts.size


def test_a_summed_subfield_is_placed_in_pixels_of_the_summed_frame(make_frame):
    read = read_frame(
        make_frame(np.full((128, 256), 900, np.int16), R1COL=148, R1ROW=321, R2COL=659, R2ROW=576, **SUMMED)
    )
    assert read.data.shape == (512, 512)
    assert read.subfield == (160, 288, 64, 320)


def test_missing_corners_are_read_from_the_commanded_ones(make_frame):
    read = read_frame(make_frame(R1COL=0, R1ROW=0, P1COL=20, P1ROW=1))
    assert read.subfield is None


def test_the_error_of_a_wrong_size_names_the_corners_and_the_expected_size(make_frame):
    with pytest.raises(errors.WrongShapeError, match=r"1024 x 1024 px, but R1COL = 20.*LEBXSUM = 2.* make 512 x 512"):
        read_frame(make_frame(**SUMMED))


def test_counts_of_a_monthly_image_may_be_fractional_or_negative(make_frame):
    image = np.linspace(-5, 700, 1024 * 1024, dtype=np.float32).reshape(1024, 1024)
    assert read_frame(make_frame(image, FILEORIG="0")).monthly
    assert read_frame(make_frame(image, POLAR="Qs")).polarised_product
    with pytest.raises(errors.WrongTypeError):
        read_frame(make_frame(image + 10))


@pytest.mark.parametrize("cards", [{"FILEORIG": "0"}, {"POLAR": "Qs"}])
@pytest.mark.parametrize("value", [1e11, -1e300])
def test_an_image_made_from_several_exposures_has_a_maximum_value(make_frame, cards, value):
    image = np.full((1024, 1024), 500.5)
    image[600, 600] = value
    with pytest.raises(errors.BadKeywordError, match=r"500\.5.*which LASCO cannot give"):
        read_frame(make_frame(image, **cards))


def test_the_real_polarised_frames_are_sums_of_four_read_outs(shared):
    for path in (shared / "c2_level05_polarised_512").glob("*.fts.gz"):
        read = read_frame(path)
        assert read.sums.reads == 4
        assert read.data.min() > 4 * float(read.header["OFFSET"])
