"""Height-time maps: the speed that was put in comes out, gaps and flags are kept."""

from __future__ import annotations

import numpy as np
import pytest
import sequences

from corinpaint.archive.movies.height_time import Sector, height_time
from corinpaint.lasco.errors import NoFrameError, OptionError
from corinpaint.lasco.level1.product import Flag


def make(folder, angle=60.0, kind="original", width=10.0, **options):
    setting, members = sequences.members(folder)
    return height_time(setting, members, Sector(angle, width), kind, **options)


def speed(found) -> float:
    """Slope of the centre of the trace, km/s."""
    light = np.nan_to_num(found.values - np.nanmedian(found.values, axis=1, keepdims=True).clip(0))
    light = np.clip(found.values - 1.05e-10, 0, None)
    light = np.nan_to_num(light)
    centres = (light * found.distances[:, None]).sum(axis=0) / light.sum(axis=0)
    seconds = [(taken - found.times[0]).total_seconds() for taken in found.times]
    return float(np.polyfit(seconds, centres, 1)[0]) * 6.957e5


@pytest.mark.parametrize("angle", [0.0, 60.0, 200.0, 359.0])
def test_the_speed_of_a_blob_is_that_put_in(tmp_path, angle):
    found = make(sequences.write(tmp_path, angle=angle), angle)
    assert speed(found) == pytest.approx(sequences.SPEED_KM_S, rel=0.03)


def test_the_roll_counts(tmp_path):
    found = make(sequences.write(tmp_path, CROTA2=25.0))
    assert speed(found) == pytest.approx(sequences.SPEED_KM_S, rel=0.03)
    elsewhere = make(sequences.write(tmp_path / "other", CROTA2=25.0), 60.0 + 50.0)
    assert np.nanmax(elsewhere.values) < 0.7 * np.nanmax(found.values)


def test_running_differences_rise_before_and_fall_behind_the_blob(tmp_path):
    found = make(sequences.write(tmp_path), kind="running")
    assert found.values.shape[1] == 5
    assert found.files[0] == "25000001.fits"
    for column in found.values.T:
        assert np.nanargmax(column) > np.nanargmin(column)


def test_rows_are_distances_and_the_occulter_is_left_out(tmp_path):
    found = make(sequences.write(tmp_path))
    assert found.step == pytest.approx(2 / sequences.PX_PER_RADIUS)
    assert found.start == pytest.approx(10 / sequences.PX_PER_RADIUS, abs=found.step)
    assert np.argmax(found.values[:, 0]) == np.argmin(np.abs(found.distances - 2.5))


def test_what_is_filled_is_marked_and_what_is_refused_is_blank(tmp_path):
    folder = sequences.write(tmp_path, angle=270.0)
    sequences.flag(folder / "25000001.fits", np.s_[30:66, 80:88], Flag.FILLED)
    sequences.flag(folder / "25000002.fits", np.s_[30:66, 80:88], Flag.REFUSED)
    found = make(folder, 270.0)
    inside = (found.distances > 33.5 / 8) & (found.distances < 38.5 / 8)
    assert (found.filled[inside, 1] == 1).all()
    assert np.isfinite(found.values[inside, 1]).all()
    assert np.isnan(found.values[inside, 2]).all()
    assert (found.filled[:, [0, 2, 3]] == 0).all()
    difference = make(folder, 270.0, "running")
    assert (difference.filled[inside, 0] == 1).all()
    assert np.isnan(difference.values[inside, 1]).all()


def test_columns_stand_at_their_times_and_gaps_stay_blank(tmp_path):
    found = make(sequences.write(tmp_path, (0, 12, 36, 48, 200, 212)))
    edges = [[(when - found.times[0]).total_seconds() / 60 for when in edge] for edge in found.edges()]
    assert edges == [[-6, 6], [6, 24], [24, 42], [42, 54], [194, 206], [206, 218]]


def test_products_that_cannot_be_used_are_left_out(tmp_path):
    folder = sequences.write(tmp_path)
    broken = folder / "25000002.fits"
    broken.write_bytes(broken.read_bytes()[:-5000])
    failed = []
    found = make(folder, failed=lambda path, _: failed.append(path))
    assert failed == [broken]
    assert len(found.times) == 5


def test_a_map_of_nothing_is_an_error(tmp_path):
    folder = sequences.write(tmp_path, (0,))
    with pytest.raises(NoFrameError, match="a difference needs two products"):
        make(folder, kind="running")
    with pytest.raises(OptionError, match="a sector of 0 degrees"):
        make(folder, width=0.0)
    sequences.flag(folder / "25000000.fits", np.s_[:], Flag.REFUSED)
    with pytest.raises(NoFrameError, match="no product has a value at position angle 60"):
        make(folder)
