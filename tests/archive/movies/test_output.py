"""Where a movie goes."""

from __future__ import annotations

import json

import pytest

from corinpaint.archive.movies.output import check_free, list_of, place
from corinpaint.lasco.errors import OutputError


def test_a_movie_that_is_there_is_replaced_only_when_allowed(tmp_path):
    path = tmp_path / "a.mp4"
    check_free(path, overwrite=False)
    path.write_text("")
    with pytest.raises(OutputError, match="is there already; remove it, choose another name or allow --overwrite"):
        check_free(path, overwrite=False)
    check_free(path, overwrite=True)


def test_a_folder_that_is_no_movie_is_never_replaced(tmp_path):
    (tmp_path / "a").mkdir()
    for name in ("a", "a.mp4"):
        (tmp_path / name).mkdir(exist_ok=True)
        with pytest.raises(OutputError, match="is no movie; choose another name"):
            check_free(tmp_path / name, overwrite=True)


@pytest.mark.parametrize("name", ["a.gif", "a"])
def test_a_movie_is_placed_with_its_list(tmp_path, name):
    for number in (1, 2):
        scratch = tmp_path / f"scratch{number}"
        scratch.mkdir()
        if name == "a":
            (scratch / name).mkdir()
            (scratch / name / f"{number}.png").write_text("")
        else:
            (scratch / name).write_text(str(number))
        check_free(tmp_path / name, overwrite=True)
        place(scratch / name, tmp_path / name, {"number": number})
        assert json.loads(list_of(tmp_path / name).read_text()) == {"number": number}
    if name == "a":
        assert sorted(path.name for path in (tmp_path / name).iterdir()) == ["2.png", "movie.json"]
    else:
        assert (tmp_path / name).read_text() == "2"


def test_what_cannot_be_placed_is_an_error(tmp_path):
    (tmp_path / "made.gif").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        place(tmp_path / "made.gif", tmp_path / "nowhere" / "a.gif", {})
