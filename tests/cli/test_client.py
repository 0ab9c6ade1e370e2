"""`corinpaint client` against stand-ins for an endpoint."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import threading
import time

import endpoint
import level05
import pytest

from corinpaint.client.answer import CompressionWarning


@pytest.fixture(params=["http", "grpc"])
def server(request, monkeypatch):
    if request.param == "grpc":
        pytest.importorskip("grpc", reason="grpcio is not installed; install corinpaint[client]")
    monkeypatch.delenv("CORINPAINT_TOKEN", raising=False)
    with getattr(endpoint, request.param)() as running:
        yield running


@pytest.fixture
def folder(tmp_path):
    """Three frames."""
    inside = tmp_path / "in"
    inside.mkdir()
    for number in ("22460142", "32082036", "32082037"):
        (inside / f"{number}.fts").write_bytes(endpoint.small_frame(number))
    return inside


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def test_a_folder_is_sent_and_its_products_are_written(run, server, folder, tmp_path):
    result = run("client", folder, "-o", tmp_path / "out", "--url", server.url, "--fill", "none", "--no-warp")
    assert result.exit_code == 0, result.output
    assert names(tmp_path / "out") == ["25460142.fits", "35082036.fits", "35082037.fits"]
    assert (tmp_path / "out" / "25460142.fits").read_bytes() == endpoint.product("22460142")
    assert {asked.fields["options"] for asked in server.asked} == {b"no-warp"}
    assert "35082037.fits: 0.0 MiB after" in result.output


def test_the_earlier_name_of_the_maximum_error_is_accepted_with_a_line_on_stderr(run, server, folder, tmp_path):
    words = ("client", folder / "32082037.fts", "--url", server.url)
    result = run(*words, "-o", tmp_path / "earlier", "--most-error", "1.5")
    assert result.exit_code == 0
    assert "Use --max-error" in result.stderr
    assert "deprecated" not in run(*words, "-o", tmp_path / "present", "--max-error", "1.5").stderr
    assert [asked.fields["max_error"] for asked in server.asked] == [b"1.5", b"1.5"]
    both = run(*words, "-o", tmp_path / "both", "--max-error", "1", "--most-error", "1")
    assert both.exit_code == 2
    assert len(server.asked) == 2


def test_the_policy_is_sent_where_it_is_not_the_default(run, server, folder, tmp_path):
    words = ("client", folder / "32082037.fts", "--url", server.url)
    assert run(*words, "-o", tmp_path / "one", "--policy", "predicted").exit_code == 0
    assert run(*words, "-o", tmp_path / "two").exit_code == 0
    assert [asked.fields.get("policy") for asked in server.asked] == [b"predicted", None]


def test_pictures_and_reports_have_their_suffixes(run, server, folder, tmp_path):
    for kind in ("png", "json"):
        words = ("client", folder / "32082037.fts", "-o", tmp_path / "out", "--url", server.url, "--format", kind)
        assert run(*words).exit_code == 0
    assert names(tmp_path / "out") == ["35082037.json", "35082037.png"]


def test_a_frame_that_fails_is_reported_and_the_others_continue(run, server, folder, tmp_path):
    right = server.answer

    def answer(asked):
        if asked.number != "32082036":
            return right(asked)
        body = json.dumps(endpoint.OURS).encode()
        return endpoint.fault(422, endpoint.OURS) if server.url.startswith("http") else body

    server.answer = answer
    result = run("client", folder, tmp_path / "gone.fts", "-o", tmp_path / "out", "--url", server.url)
    assert result.exit_code == 1
    lines = result.stderr.splitlines()
    assert f"Error: {tmp_path / 'gone.fts'}: cannot be read (No such file or directory); " in result.stderr
    assert [line for line in lines if "EXPTIME = 0; fetch the file again (request abc)" in line]
    assert "2 of 4 files failed." in lines
    assert names(tmp_path / "out") == ["25460142.fits", "35082037.fits"]


def test_an_answer_of_another_frame_is_never_a_file(run, server, folder, tmp_path):
    server.answer = lambda _: endpoint.product("32082037")
    result = run("client", folder, "-o", tmp_path / "out", "--url", server.url)
    assert result.exit_code == 1
    assert f"Error: {folder / '22460142.fts'}: the answer is that of" in result.stderr
    assert names(tmp_path / "out") == ["35082037.fits"]


def test_a_frame_whose_product_exists_is_neither_sent_nor_replaced(run, server, folder, tmp_path):
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "35082037.fits").write_text("old")
    words = ("client", folder / "32082037.fts", "-o", tmp_path / "out", "--url", server.url)
    result = run(*words)
    assert (result.exit_code, server.asked) == (1, [])
    assert "is there already" in result.stderr
    assert (tmp_path / "out" / "35082037.fits").read_text() == "old"
    assert run(*words, "--overwrite").exit_code == 0
    assert (tmp_path / "out" / "35082037.fits").read_bytes() == endpoint.product()


def test_products_that_are_there_are_skipped_in_the_same_words_as_by_restore(run, server, folder, make_frame, tmp_path):
    (folder / "32082037.fts").write_bytes(make_frame(FILENAME="32082037.fts"))
    (folder / "32082036.fts").unlink()
    assert run("calibrate", folder / "32082037.fts", "-o", tmp_path / "out").exit_code == 0
    words = ("client", folder, "-o", tmp_path / "out", "--url", server.url)
    result = run(*words, "--fill", "none")
    assert result.exit_code == 0, result.output
    assert [asked.number for asked in server.asked] == ["22460142"]
    assert "Skipped 1 of 2 frames, whose product is there already (--overwrite makes it anew)." in result.stderr
    for others, message in {
        (): "FILL = 'none', not 'network'",
        ("--fill", "none", "--compress", "rice"): "COMPRESS = 'none', not 'rice'",
    }.items():
        other = run("client", folder / "32082037.fts", "-o", tmp_path / "out", "--url", server.url, *others)
        assert other.exit_code == 1
        assert message in other.stderr


@pytest.mark.slow
def test_compression_and_context_are_asked_for_and_compared(run, server, folder, make_frame, tmp_path):
    frame, other = folder / "32082037.fts", folder / "32082036.fts"
    frame.write_bytes(make_frame(FILENAME="32082037.fts", missing=((20, 20),)))
    other.write_bytes(make_frame(FILENAME="32082036.fts", **{"DATE-OBS": "2002/01/08", "TIME-OBS": "02:18:08.1"}))
    words = (frame, "-o", tmp_path / "out", "--fill", "temporal", "--context", other)
    made = run("restore", *words, "--compress", "rice")
    assert made.exit_code == 0, made.output
    again = run("client", *words, "--compress", "rice", "--url", server.url)
    assert (again.exit_code, server.asked) == (0, []), again.output
    alone = run("client", *words[:-2], "--compress", "rice", "--url", server.url)
    assert "CTXASKED = 'given " in alone.stderr
    with pytest.warns(CompressionWarning):
        assert run("client", *words, "--compress", "rice", "--url", server.url, "--overwrite").exit_code == 0
    assert server.asked[0].fields["compress"] == b"rice"


def test_reports_that_are_there_are_skipped(run, server, folder, tmp_path):
    words = ("client", folder, "-o", tmp_path / "out", "--url", server.url, "--format", "json")
    for _ in range(2):
        result = run(*words)
        assert result.exit_code == 0, result.output
    assert "Skipped 3 of 3 frames, whose products are there already" in result.stderr
    assert len(server.asked) == 3


def test_a_tree_is_sent_and_its_products_go_to_the_same_subfolders(run, server, folder, tmp_path):
    (folder / "020108").mkdir()
    (folder / "32082037.fts").rename(folder / "020108" / "32082037.fts")
    assert run("client", folder, "-o", tmp_path / "out", "--url", server.url).exit_code == 0
    assert (tmp_path / "out" / "020108" / "35082037.fits").is_file()
    assert run("client", folder, "-o", tmp_path / "flat", "--url", server.url, "--layout", "flat").exit_code == 0
    assert names(tmp_path / "flat") == ["25460142.fits", "35082036.fits", "35082037.fits"]


def test_two_inputs_never_share_one_product(run, server, folder, tmp_path):
    twin = tmp_path / "twin" / "32082037.fts"
    twin.parent.mkdir()
    twin.write_bytes(level05.small_frame(EXPTIME=5.0))
    words = ("client", folder / "32082037.fts", twin, "-o", tmp_path / "out", "--url", server.url, "--overwrite")
    result = run(*words)
    assert result.exit_code == 1
    assert f"{twin}: would replace" in result.stderr
    assert len(server.asked) == 1


def test_context_frames_are_sent_with_every_frame_but_themselves(run, server, folder, tmp_path):
    words = ("client", folder, "-o", tmp_path / "out", "--url", server.url, "--context", folder / "32082036.fts")
    assert run(*words, "--fill", "temporal").exit_code == 0
    sent = {asked.number: asked.fields.get("context") for asked in server.asked}
    other = endpoint.small_frame("32082036")
    assert sent == {"22460142": other, "32082036": None, "32082037": other}


def test_too_many_context_frames_are_reported_for_every_frame(run, server, folder, tmp_path):
    many = tmp_path / "many"
    many.mkdir()
    for number in range(32080000, 32080017):
        (many / f"{number}.fts").write_bytes(endpoint.small_frame(str(number)))
    result = run("client", folder, "-o", tmp_path / "out", "--url", server.url, "--context", many)
    assert (result.exit_code, server.asked) == (1, [])
    assert "17 context frames; give 16 at most" in result.stderr
    assert "3 of 3 files failed." in result.stderr


def test_the_token_comes_from_the_key_file_or_the_environment(run, server, folder, tmp_path, monkeypatch):
    server.key = "secret"
    words = ("client", folder / "32082037.fts", "--url", server.url, "--retries", "0")
    refused = run(*words, "-o", tmp_path / "none")
    assert refused.exit_code == 1
    assert "wants a token" in refused.stderr
    key_file = tmp_path / "key_file.json"
    key_file.write_text(json.dumps({"inference": {"key": "secret"}}))
    assert run(*words, "-o", tmp_path / "file", "--key-file", key_file).exit_code == 0
    monkeypatch.setenv("CORINPAINT_TOKEN", "secret")
    assert run(*words, "-o", tmp_path / "variable").exit_code == 0
    assert "secret" not in refused.output


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("--url", "ftp://x"), "no address of an endpoint"),
        (("--url", "http://192.0.2.1:8080"), "read on the way"),
        (("--key-file", "gone.json"), "gone.json: cannot be read"),
        (("--context", "gone.fts"), "gone.fts: cannot be read"),
        (("--model", "a/b"), "no name of a model"),
    ],
)
def test_settings_that_cannot_work_are_reported_before_the_first_frame(run, folder, tmp_path, words, message):
    result = run("client", folder, "-o", tmp_path / "out", *words)
    assert result.exit_code == 1
    assert message in result.stderr
    assert "files failed" not in result.stderr
    assert not (tmp_path / "out").exists()


def test_there_are_no_more_workers_than_asked_for(run, server, folder, tmp_path):
    server.answer = endpoint.slow(server.answer, 0.05)
    assert run("client", folder, "-o", tmp_path / "out", "--url", server.url, "--workers", "2").exit_code == 0
    assert server.most == 2


@pytest.mark.slow
def test_ctrl_c_does_not_wait_for_answers(server, folder, tmp_path):
    asked, gate = threading.Event(), threading.Event()
    server.answer = lambda _: asked.set() or (gate.wait(60) and b"")
    words = ["client", str(folder), "-o", str(tmp_path / "out"), "--url", server.url, "--timeout", "60"]
    # A process that is started under `nohup ... &` inherits an ignored SIGINT, which Python leaves as it is.
    at_default = "import signal, sys; signal.signal(signal.SIGINT, signal.default_int_handler); "
    start = f"{at_default}from corinpaint.cli.main import main; main(sys.argv[1:])"
    with subprocess.Popen([sys.executable, "-c", start, *words], stderr=subprocess.PIPE) as process:
        try:
            assert asked.wait(60)
            process.send_signal(signal.SIGINT)
            begin = time.monotonic()
            assert process.wait(30) == 1
        finally:
            gate.set()
            process.kill()
        assert b"Aborted" in process.stderr.read()
    assert time.monotonic() - begin < 30
