"""`corinpaint jmap`."""

from __future__ import annotations

import pytest
import sequences
from astropy.io import fits

from corinpaint.archive.movies.height_time import WIDTH
from corinpaint.cli.archives import jmap


@pytest.mark.slow
def test_a_map_is_made_as_a_picture_and_as_fits(run, tmp_path):
    folder = sequences.write(tmp_path / "in")
    words = ("jmap", folder, "--angle", "60", "-o", tmp_path / "a.png", "--fits", tmp_path / "a.fits", "--speed", "500")
    result = run(*words)
    assert result.exit_code == 0, result.output
    assert "a.png: C2 ORANGE/CLEAR, 96 x 96 px, running, position angle 60, 5 frames\n" in result.stdout
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    assert fits.getheader(tmp_path / "a.fits")["SECTOR"] == 5.0
    (folder / "25000003.fits").write_bytes((folder / "25000003.fits").read_bytes()[:-5000])
    assert run(*words).exit_code == 1
    result = run(*words, "--overwrite")
    assert result.exit_code == 1
    assert "1 of 6 products left out." in result.stderr


def test_the_width_is_that_of_the_library():
    (width,) = (option for option in jmap.command.params if option.name == "width")
    assert width.default == WIDTH
