"""`corinpaint calibration`."""

from __future__ import annotations

import json
from datetime import date

import official_tree
import pytest

from corinpaint.lasco.level05.frame import read_frame
from corinpaint.lasco.photometry.optics import load_calibration_set
from corinpaint.lasco.reference_files import catalogue, manifest
from corinpaint.lasco.reference_files.locate import exposure_table_name, locate

DAYS = [date(2002, 1, 8), date(2002, 1, 9)]
TABLE = catalogue.exposure_table("C3", DAYS[0])
ATTITUDE = catalogue.identify("SO_AT_PRE_20020108_V01.FTS")
POSITIONS = catalogue.ephemeris_table(2002)
CLOCK = catalogue.identify("TIME_DIFF.DAT")


@pytest.fixture
def server():
    with official_tree.serving([*catalogue.FIXED_FILES, *catalogue.daily_tables(DAYS), ATTITUDE, POSITIONS]) as running:
        yield running


@pytest.fixture
def store(tmp_path):
    return tmp_path / "store"


@pytest.fixture
def fetch(run, server, store):
    """`corinpaint calibration fetch` from the server, without retries."""
    return lambda *words: run("calibration", "fetch", "-o", store, "--mirror", server.url, "--retries", 0, *words)


def _there(store):
    return {path.name for path in store.rglob("*") if path.is_file()} - {manifest.LOCK_FILE}


def test_one_frame_fetches_the_few_files_with_which_it_is_calibrated(fetch, server, store, frame_path):
    result = fetch("--frame", frame_path)
    assert result.exit_code == 0, result.output
    assert _there(store) == {asset.name for asset in catalogue.required_files({"C3": DAYS[:1]})}
    assert sum(server.asked.values()) == 12
    assert "12 files fetched, 0 already present" in result.output
    frame = read_frame(frame_path)
    assert load_calibration_set(store).kind == "OFFICIAL"
    assert locate(store, exposure_table_name(frame.detector, frame.date)) == store / TABLE.path


def test_positions_of_soho_are_fetched_for_the_years_of_the_days(fetch, store):
    result = fetch("--from", "2002-01-08", "--ephemeris", "--detector", "C3")
    assert result.exit_code == 0, result.output
    assert POSITIONS.name in _there(store)
    assert manifest.read(store)[POSITIONS.path].sha256
    assert manifest.verify(store) == []


def test_an_optional_file_that_the_server_has_not_is_no_failure(fetch, server, store):
    server.break_(CLOCK, "404")
    result = fetch("--from", "2002-01-08", "--detector", "C3")
    assert result.exit_code == 0, result.output
    assert "Not on the server: TIME_DIFF.DAT" in result.output
    assert CLOCK.name not in _there(store)


def test_the_days_of_a_telescope_are_fetched(fetch, store):
    result = fetch("--from", "2002-01-08", "--to", "2002-01-10", "--detector", "C2")
    assert result.exit_code == 0, result.output
    assert {"c2_expfactor_020108.dat", "c2_expfactor_020109.dat", "c2vig_final.fts"} <= _there(store)
    assert not {name for name in _there(store) if name.startswith("c3")}
    assert "No observations, so no table on the server: c2_expfactor_020110.dat" in result.output


def test_without_days_files_that_do_not_depend_on_the_day_are_fetched_once(fetch, server, store):
    assert fetch().exit_code == 0
    assert _there(store) == {asset.name for asset in catalogue.FIXED_FILES}
    server.asked.clear()
    result = fetch()
    assert "0 files fetched, 14 already present" in result.output
    assert not server.asked


def test_attitude_files_are_fetched_on_request_and_their_failure_does_not_stop_the_rest(fetch, server, store):
    assert fetch("--from", "2002-01-08", "--attitude").exit_code == 0
    assert ATTITUDE.name in _there(store)
    server.faults["/ancillary/attitude/predictive/2002/"] = ["404"]
    result = fetch("--from", "2002-01-08", "--to", "2002-01-09", "--attitude")
    assert result.exit_code == 1
    assert "Error: attitude files: " in result.stderr
    assert "c3_expfactor_020109.dat" in _there(store)


def test_a_file_that_fails_is_named_and_the_exit_status_says_so(fetch, server, store):
    server.break_(TABLE, "page")
    result = fetch("--from", "2002-01-08", "--detector", "C3")
    assert result.exit_code == 1
    assert f"Error: {TABLE.name}: " in result.stderr
    assert "HTML page" in result.stderr
    assert "1 files failed." in result.stderr
    assert TABLE.name not in _there(store)
    assert len(_there(store)) == 11


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--to", "2002-01-08"], "--to needs --from"),
        (["--from", "2002-01-08", "--to", "2002-01-01"], "first day first"),
        (["--from", "yesterday"], "yesterday"),
        (["--from", "2002-01-08", "--frame", "x.fts"], "--frame takes the place"),
        (["--frame", "absent.fts"], "absent.fts"),
        (["--attitude"], "--attitude needs"),
        (["--ephemeris"], "--ephemeris needs"),
    ],
)
def test_contradictory_arguments_are_reported(fetch, store, words, said):
    result = fetch(*words)
    assert result.exit_code in (1, 2)
    assert said in result.stderr
    assert "Traceback" not in result.output
    assert not store.exists()


def test_a_mirror_without_https_must_be_allowed(run, store):
    result = run("calibration", "fetch", "-o", store, "--mirror", "http://mirror.example", "--detector", "C2")
    assert result.exit_code == 1
    assert "--insecure" in result.stderr


def test_the_import_uses_the_given_folder_else_the_solarsoft_tree(run, store, tmp_path, monkeypatch):
    tree = official_tree.tree(tmp_path / "ssw" / "soho" / "lasco", [*catalogue.FIXED_FILES, TABLE], flat=True)
    monkeypatch.delenv("LASCO_DATA", raising=False)
    monkeypatch.setenv("SSW", str(tmp_path / "ssw"))
    result = run("calibration", "import", "-o", store)
    assert result.exit_code == 0, result.output
    assert "15 files imported" in result.output
    (tree / "C3ramp.fts").unlink()
    result = run("calibration", "import", tree, "-o", tmp_path / "second", "--from", "2002-01-09")
    assert "Not in" in result.output
    assert "C3ramp.fts" in result.output
    assert TABLE.name not in _there(tmp_path / "second")
    monkeypatch.delenv("SSW")
    assert "LASCO_DATA" in run("calibration", "import", "-o", store).stderr


def test_verify_reports_success_or_the_files_that_differ(run, fetch, store):
    fetch("--from", "2002-01-08", "--detector", "C3")
    result = run("calibration", "verify", "-o", store)
    assert (result.exit_code, "12 files, all as recorded" in result.output) == (0, True)
    (store / TABLE.path).unlink()
    result = run("calibration", "verify", "-o", store)
    assert result.exit_code == 1
    assert "missing: " in result.stderr
    assert TABLE.name in result.stderr
    assert run("calibration", "verify", "-o", store.parent / "empty").exit_code == 1


def test_list_shows_which_files_are_present_and_their_purpose(run, fetch, store):
    fetch("--from", "2002-01-08", "--detector", "C3")
    lines = run("calibration", "list", "-o", store).output.splitlines()
    assert len(lines) == 1 + len(catalogue.FIXED_FILES) + 1
    by_name = {line.split()[0]: line for line in lines}
    assert by_name["C3ramp.fts"].split()[1] == "yes"
    assert by_name["C3ramp.fts"].split()[4].startswith("127.0.0.1:")
    assert by_name["C3ramp.fts"].endswith("C3 stray light")
    assert by_name["c2vig_final.fts"].split()[1:5] == ["no", "-", "-", "-"]
    rows = {row["name"]: row for row in json.loads(run("calibration", "list", "-o", store, "--json").output)}
    assert rows[TABLE.name]["sha256"] == manifest.read(store)[TABLE.path].sha256


def test_the_folder_can_be_set_in_the_environment(run, fetch, store, monkeypatch):
    fetch("--detector", "C2")
    monkeypatch.setenv("CORINPAINT_CALIBRATION", str(store))
    assert run("calibration", "verify").exit_code == 0


@pytest.mark.parametrize("word", ["fetch", "import", "verify", "list"])
def test_every_command_has_help(run, word):
    result = run("calibration", word, "--help")
    assert result.exit_code == 0
    assert "CORINPAINT_CALIBRATION" in result.output
