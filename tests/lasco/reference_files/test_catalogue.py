"""The official files: names and addresses as CorKit has them, and what a day of a telescope needs."""

from __future__ import annotations

import ast
import re
from datetime import UTC, date, datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from corinpaint.lasco.errors import OptionError
from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.reference_files import catalogue

DAY = date(2002, 1, 8)


def _strings_of_corkit() -> set[str]:
    """Every text in CorKit's list of files, with its placeholders left out."""
    package = find_spec("corkit")
    tree = ast.parse((Path(package.submodule_search_locations[0]) / "dataset.py").read_text())
    plain = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
    joined = [node for node in ast.walk(tree) if isinstance(node, ast.JoinedStr)]
    return plain | {"*".join(v.value for v in node.values if isinstance(v, ast.Constant)) for node in joined}


def test_every_address_but_that_of_the_clock_differences_is_one_that_corkit_lists():
    known = _strings_of_corkit()
    assert [asset.name for asset in catalogue.FIXED_FILES if asset.optional] == ["TIME_DIFF.DAT"]
    for asset in catalogue.FIXED_FILES:
        if asset.optional:
            continue
        folder = asset.url().removesuffix(asset.name)
        assert asset.url() in known or (folder in known and asset.name in known), asset.url()
    table = catalogue.exposure_table("C3", DAY).url()
    assert re.sub(r"/\d{4}/c3_expfactor_\d{6}\.dat", "/*/c*_expfactor_*.dat", table) in known
    assert "https://soho.nascom.nasa.gov/data/ancillary/attitude/predictive/" in known
    assert catalogue.attitude_folder(DAY).url() == f"{catalogue.SOHO_DATA}ancillary/attitude/predictive/2002/"


def test_files_have_the_path_that_they_have_below_the_server():
    table = catalogue.exposure_table("C3", DAY)
    assert table.path == "soho/lasco/lasco/expfac/data/0201/c3_expfactor_020108.dat"
    assert table.url() == f"https://hesperia.gsfc.nasa.gov/ssw/{table.path}"
    assert table.url("https://mirror.example/lasco/") == f"https://mirror.example/lasco/{table.path}"
    places = [asset.path for asset in catalogue.FIXED_FILES]
    assert len(set(places)) == len(places) == 14


def test_a_telescope_needs_its_own_files_and_those_of_both():
    assert [a.name for a in catalogue.fixed_files(["C2"])] == [
        "c2vig_final.fts",
        "TIME_DIFF.DAT",
        "c2_time_offsets.dat",
        "c2_pre_recovery_adj_xyr_medv2.sav",
        "c2_post_recovery_adj_xyr_medv2.sav",
        "occulter_center.dat",
        "nominal_roll_attitude.dat",
    ]
    assert set(catalogue.fixed_files(["C2"])) | set(catalogue.fixed_files(["C3"])) == set(catalogue.fixed_files())


def test_a_frame_needs_a_handful_of_files(make_frame):
    days = catalogue.days_of([read_frame(make_frame()), read_frame(make_frame(TIME_OBS="23:59:59.999"))])
    assert days == {"C3": {DAY}}
    needed = catalogue.required_files(days)
    assert [asset.name for asset in needed if asset.day] == ["c3_expfactor_020108.dat"]
    assert len(needed) == 12


def test_days_count_from_the_first_to_the_last():
    days = catalogue.days(date(2001, 12, 31), date(2002, 1, 2))
    tables = catalogue.daily_tables(days)
    assert len(tables) == 6
    assert {asset.path.split("/")[-2] for asset in tables} == {"0112", "0201"}


@pytest.mark.parametrize(
    ("first", "last"),
    [(DAY, date(2002, 1, 7)), (date(1, 1, 1), DAY), (DAY, date.today() + timedelta(days=3))],
    ids=["backwards", "before SOHO", "in the future"],
)
def test_impossible_days_are_refused(first, last):
    with pytest.raises(OptionError):
        catalogue.days(first, last)


@pytest.mark.parametrize("asset", catalogue.FIXED_FILES, ids=lambda asset: asset.name)
def test_a_file_is_identified_by_its_name(asset):
    assert catalogue.identify(asset.name) == asset


def test_daily_files_are_identified_by_their_names():
    assert catalogue.identify("c2_expfactor_960501.dat") == catalogue.exposure_table("C2", date(1996, 5, 1))
    assert catalogue.identify("SO_AT_ROL_20100104_V01.DAT").path.endswith("predictive/2010/SO_AT_ROL_20100104_V01.DAT")
    assert catalogue.identify("SO_AT_PRE_20230104_V01.FTS").path.endswith("predictive/SO_AT_PRE_20230104_V01.FTS")


@pytest.mark.parametrize(
    "name",
    ["C3ramp.fts~", "c4_expfactor_960501.dat", "c3_expfactor_961301.dat", "SO_AT_PRE_20100104_V01.DAT", "README", ""],
)
def test_other_names_are_not_official(name):
    assert catalogue.identify(name) is None


def test_the_latest_versions_of_the_attitude_files_of_a_day_are_chosen():
    names = [
        "?C=N;O=D",
        "SO_AT_PRE_20100104_V01.FTS",
        "SO_AT_PRE_20100104_V10.fts",
        "SO_AT_PRE_20100104_V09.FTS",
        "SO_AT_ROL_20100104_V02.DAT",
        "SO_AT_ROL_20100105_V02.DAT",
    ]
    found = catalogue.attitude_files(names, [date(2010, 1, 4)])
    assert {(asset.name, asset.kind) for asset in found} == {
        ("SO_AT_PRE_20100104_V10.fts", "attitude"),
        ("SO_AT_ROL_20100104_V02.DAT", "text"),
    }


def test_the_positions_of_a_year_are_one_answer_of_horizons():
    table = catalogue.identify("soho_horizons_2009.txt")
    assert table == catalogue.ephemeris_table(2009)
    assert (table.kind, table.path) == ("ephemeris", "horizons/soho_horizons_2009.txt")
    address = urlsplit(table.url())
    assert f"{address.scheme}://{address.netloc}{address.path}" == "https://ssd.jpl.nasa.gov/api/horizons.api"
    query = parse_qs(address.query)
    assert {key: query[key] for key in ("COMMAND", "CENTER", "REF_PLANE", "STEP_SIZE", "START_TIME", "STOP_TIME")} == {
        "COMMAND": ["'-21'"],
        "CENTER": ["'500@10'"],
        "REF_PLANE": ["'FRAME'"],
        "STEP_SIZE": ["'6 h'"],
        "START_TIME": ["'2009-01-01'"],
        "STOP_TIME": ["'2010-01-02'"],
    }
    assert "+" not in address.query  # Horizons takes %20 for a blank
    assert table.url("https://mirror.example") == "https://mirror.example/horizons/soho_horizons_2009.txt"


def test_positions_begin_after_the_launch_and_end_tomorrow():
    assert "1995-12-03" in catalogue.ephemeris_table(1995).url()
    today = datetime.now(UTC).date()
    assert str(today + timedelta(days=1)) in catalogue.ephemeris_table(today.year).url()
    assert catalogue.identify("soho_horizons_1990.txt") is None


def test_days_need_the_positions_of_their_years():
    tables = catalogue.ephemeris_tables([date(2009, 12, 31), date(2010, 1, 1), date(2010, 1, 2)])
    assert [table.name for table in tables] == ["soho_horizons_2009.txt", "soho_horizons_2010.txt"]
