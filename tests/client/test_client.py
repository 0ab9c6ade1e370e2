"""The client against stand-ins over REST and gRPC: the same answers, the same errors."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
import time

import endpoint
import numpy as np
import pytest

from corinpaint.client import Answer, Client, Request
from corinpaint.client.errors import AnswerError, ClientError, RefusedError, TokenError, UnreachableError
from corinpaint.client.retry import RetryPolicy
from corinpaint.lasco.errors import FrameError, OptionError

FRAME = endpoint.small_frame()
QUICK = RetryPolicy(retries=3, sleep=lambda _: None)
GRPC_NAMES = {500: "INTERNAL", 503: "UNAVAILABLE", 429: "RESOURCE_EXHAUSTED", 504: "DEADLINE_EXCEEDED"}


@pytest.fixture(params=["http", "grpc"])
def server(request):
    if request.param == "grpc":
        pytest.importorskip("grpc", reason="grpcio is not installed; install corinpaint[client]")
    with getattr(endpoint, request.param)() as running:
        running.kind = request.param
        yield running


@pytest.fixture
def client(server):
    with Client(server.url, retries=QUICK) as opened:
        yield opened


def faults(server, *statuses):
    """Faults of TorchServe, as the interface tells them."""
    for status in statuses:
        rest = endpoint.fault(status, endpoint.FULL)
        server.faults.append(rest if server.kind == "http" else endpoint.Fault(GRPC_NAMES[status], b"Worker died."))


def error_of_handler(server, fields):
    """An error of the handler: a status over REST, a prediction over gRPC."""
    body = json.dumps(fields).encode()
    server.answer = lambda _: endpoint.fault(fields["status"], fields) if server.kind == "http" else body


def test_a_file_is_restored_to_its_product(client, server, tmp_path):
    path = tmp_path / "22460142.fts"
    path.write_bytes(endpoint.small_frame("22460142"))
    answer = client.restore(path, fill="none", options=("no-warp",), context=(FRAME,), max_error=1.5)
    assert isinstance(answer, Answer)
    assert answer.body == endpoint.product("22460142")
    assert (answer.filename, answer.number, answer.media_type) == ("25460142.fits", "22460142", "application/fits")
    assert (answer.attempts, answer.request_id) == (1, "id-1" if server.kind == "http" else "")
    sent = server.asked[0].fields
    assert (sent["body"], sent["context"], sent["name"]) == (path.read_bytes(), FRAME, b"22460142.fts")
    assert (sent["fill"], sent["options"], sent["max_error"]) == (b"none", b"no-warp", b"1.5")


def test_the_earlier_name_of_a_setting_is_accepted_with_a_warning(client, server):
    with pytest.warns(DeprecationWarning, match="use max_error") as warned:
        client.restore(FRAME, most_error=1.5)
    assert [warning.filename for warning in warned] == [__file__]
    with pytest.warns(DeprecationWarning, match="use max_error") as warned:
        list(client.stream([FRAME], most_error=2))
    assert [warning.filename for warning in warned] == [__file__]
    assert [asked.fields["max_error"] for asked in server.asked] == [b"1.5", b"2"]


def test_paths_may_be_text(server, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    (tmp_path / "22460142.fts").write_bytes(endpoint.small_frame("22460142"))
    (tmp_path / "key_file.json").write_text(json.dumps({"inference": {"key": "secret"}}))
    server.key = "secret"
    with Client(server.url, key_file="key_file.json") as client:
        answer = client.restore("22460142.fts", context=("22460142.fts",))
        assert answer.write("out").name == "25460142.fits"
        ((frame, result),) = client.stream(["22460142.fts"])
    assert (frame, result.filename) == ("22460142.fts", "25460142.fits")
    assert server.asked[0].fields["context"] == endpoint.small_frame("22460142")


@pytest.mark.parametrize("frame", [5, None, np.zeros(3)])
def test_what_is_no_frame_is_refused_with_what_to_give(client, server, frame):
    with pytest.raises(TypeError, match=f"frame must be a path, bytes or a Request, not {type(frame).__name__}"):
        client.restore(frame)
    assert not server.asked


@pytest.mark.parametrize("name", ["key_file", "ca_bundle"])
def test_what_is_no_path_is_refused_by_its_name(name):
    with pytest.raises(TypeError, match=f"{name} must be a path"):
        Client("http://localhost", **{name: 5})


def test_pictures_and_reports_can_be_asked_for(client):
    assert client.restore(FRAME, accept="image/png").body.startswith(b"\x89PNG")
    report = client.restore(FRAME, accept="application/json")
    assert (json.loads(report.body)["product"], report.filename) == ("35082037.fits", "35082037.json")


def test_a_large_product_arrives_complete(client, server, make_frame):
    from corinpaint.lasco import calibrate, read_frame

    product = calibrate(read_frame(make_frame())).to_bytes()
    server.answer = lambda _: product
    assert client.restore(make_frame()).body == product


def test_a_transient_failure_is_attempted_again(client, server):
    faults(server, 503, 500, 429)
    assert client.restore(FRAME).attempts == 4
    assert len(server.asked) == 4


def test_after_the_last_attempt_the_error_of_the_server_is_raised(client, server):
    faults(server, 500, 500, 500, 500)
    with pytest.raises(RefusedError, match=r"Worker died|no worker") as caught:
        client.restore(FRAME)
    assert (caught.value.status, caught.value.code, caught.value.attempts) == (500, "endpoint", 3)
    assert caught.value.remedy.startswith("try again later")


def test_an_error_of_the_handler_is_typed_and_final(client, server):
    error_of_handler(server, endpoint.OURS)
    with pytest.raises(RefusedError) as caught:
        client.restore(FRAME)
    error = caught.value
    assert (error.code, error.status, error.request_id, error.attempts) == ("bad_keyword", 422, "abc", 1)
    assert (error.what, error.remedy) == ("32082037.fts: EXPTIME = 0", "fetch the file again")
    error_of_handler(server, {"code": "internal", "status": 500, "message": "it failed; see the log"})
    with pytest.raises(RefusedError) as caught:
        client.restore(FRAME)
    assert (caught.value.code, len(server.asked)) == ("internal", 2)


def test_a_refused_token_is_replaced_from_the_key_file_and_the_frame_sent_once_more(server, tmp_path):
    file = tmp_path / "key_file.json"
    file.write_text(json.dumps({"inference": {"key": "old"}}))
    server.key = "new"
    with Client(server.url, key_file=file, retries=QUICK) as client:
        with pytest.raises(TokenError, match=r"key_file.json.*renew"):
            client.restore(FRAME)
        assert len(server.asked) == 1
        file.write_text(json.dumps({"inference": {"key": "new"}}))
        assert client.restore(FRAME).filename == "35082037.fits"
        assert [asked.headers["authorization"] for asked in server.asked] == ["Bearer old", "Bearer old", "Bearer new"]
        server.key = "newer"
        file.write_text(json.dumps({"inference": {"key": "other"}}))
        with pytest.raises(TokenError, match="renewed token too"):
            client.restore(FRAME)


def test_the_error_says_whether_the_token_was_missing_or_refused(server):
    server.key = "secret"
    with Client(server.url, token="secret") as client:
        assert client.restore(FRAME).attempts == 1
    with Client(server.url) as client, pytest.raises(TokenError, match="wants a token"):
        client.restore(FRAME)
    with Client(server.url, token="wrong") as client, pytest.raises(TokenError, match="refuses the token"):
        client.restore(FRAME)


def test_an_answer_of_another_frame_is_an_error_and_final(client, server):
    server.answer = lambda _: endpoint.product("32082038")
    with pytest.raises(AnswerError, match=r"that of 35082038.fits"):
        client.restore(FRAME)
    assert len(server.asked) == 1


def test_a_truncated_answer_is_an_error(client, server):
    server.answer = lambda _: endpoint.product()[:-2880]
    with pytest.raises(AnswerError, match="cut or damaged"):
        client.restore(FRAME)


def test_an_unavailable_server_is_attempted_again_and_then_reported(server):
    slept = []
    url = server.url.rpartition(":")[0] + ":9"
    with Client(url, retries=RetryPolicy(2, sleep=slept.append)) as client, pytest.raises(UnreachableError) as caught:
        client.restore(FRAME)
    assert (caught.value.attempts, len(slept)) == (3, 2)
    assert "tried 3 times" in str(caught.value)
    assert "check that the endpoint runs" in caught.value.remedy


@pytest.mark.slow
def test_a_server_that_does_not_answer_in_time_is_attempted_again(server):
    right, waits = server.answer, [0.8, 0.0]
    server.answer = lambda asked: endpoint.slow(right, waits.pop(0))(asked)
    with Client(server.url, timeout=0.3, retries=QUICK) as client:
        assert client.restore(FRAME).attempts == 2
    server.answer = endpoint.slow(right, 0.8)
    with (
        Client(server.url, timeout=0.3, retries=0) as client,
        pytest.raises(UnreachableError, match=r"0\.3 s"),
    ):
        client.restore(FRAME)


def test_no_more_frames_are_in_flight_than_there_are_workers(client, server):
    gate, taken = threading.Barrier(3, timeout=10), []

    def answer(asked):
        gate.wait()  # three at the same time, or the test fails
        return endpoint.product(asked.number)

    def numbers():
        for number in range(32082000, 32082012):
            taken.append(number)
            yield endpoint.small_frame(str(number))

    server.answer, most_ahead, names = answer, 0, []
    for done, (frame, result) in enumerate(client.stream(numbers(), workers=3), 1):
        assert isinstance(result, Answer), result
        assert result.number.encode() in frame
        names.append(result.filename)
        most_ahead = max(most_ahead, len(taken) - done)
    assert sorted(names) == [f"{number}.fits" for number in range(35082000, 35082012)]
    assert server.most == 3
    assert most_ahead <= 6


def test_frames_that_fail_do_not_stop_the_others(client, server, tmp_path):
    bad, broken = Request(FRAME, name="bad.fts"), Request(FRAME, name="broken.fts")
    wrong = {"bad": endpoint.OURS, "broken": {"code": 404, "type": "x", "message": "Model not found"}}
    right = server.answer

    def answer(asked):
        if asked.number not in wrong:
            return right(asked)
        if server.kind == "http":
            return endpoint.fault(wrong[asked.number].get("status", 404), wrong[asked.number])
        return json.dumps(wrong[asked.number]).encode()

    server.answer = answer
    frames = [bad, FRAME, tmp_path / "gone.fts", broken, 5, endpoint.small_frame("22460142")]
    results = {id(frame): result for frame, result in client.stream(frames, workers=2)}
    kinds = [type(results[id(frame)]) for frame in frames]
    assert kinds == [RefusedError, Answer, FrameError, RefusedError, ClientError, Answer]
    assert "please report" in str(results[id(5)])


def test_leaving_a_stream_sends_no_more_frames(client, server):
    frames = (endpoint.small_frame(str(number)) for number in range(32082000, 32082100))
    stream = client.stream(frames, workers=2)
    next(stream)
    stream.close()
    sent = len(server.asked)
    assert sent <= 4
    assert not [thread for thread in threading.enumerate() if thread.name.startswith("corinpaint-client")]
    assert len(server.asked) == sent


def test_leaving_a_stream_waits_for_no_answer_and_the_client_stays_open(client, server):
    gate, right = threading.Event(), server.answer
    numbers = iter(("32082037", "22460142"))
    server.answer = lambda asked: right(asked) if asked.number == "32082037" else gate.wait(30) and right(asked)
    stream = client.stream((endpoint.small_frame(number) for number in numbers), workers=2)
    next(stream)
    start = time.monotonic()
    stream.close()
    assert time.monotonic() - start < 20
    gate.set()
    assert client.restore(FRAME).number == "32082037"


def test_threads_can_share_a_client(client, server):
    server.answer = endpoint.slow(server.answer, 0.02)
    numbers = [str(number) for number in range(32082000, 32082016)]
    results = {}

    def work(number):
        results[number] = client.restore(endpoint.small_frame(number))

    threads = [threading.Thread(target=work, args=(number,)) for number in numbers]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {number: results[number].number for number in numbers} == {number: number for number in numbers}


@pytest.mark.parametrize(
    "url",
    [
        *("ftp://x", "127.0.0.1:8080", "http://", "http://user:word@localhost", "http://localhost?x=1", "http://[::1"),
        *("grpc://127.0.0.1", "grpc://127.0.0.1:7070/path", "http://localhost:99999"),
    ],
)
def test_invalid_addresses_are_refused_without_showing_passwords(url):
    with pytest.raises(OptionError) as refused:
        Client(url)
    assert "word" not in str(refused.value)


def test_tokens_are_not_sent_unencrypted_unless_allowed():
    for url in ("http://192.0.2.1:8080", "grpc://192.0.2.1:7070"):
        with pytest.raises(OptionError, match="read on the way"):
            Client(url, token="secret")
        Client(url, token="secret", insecure=True).close()
    Client("https://192.0.2.1/corinpaint", token="secret").close()
    Client("grpcs://192.0.2.1:7070", token="secret").close()


@pytest.mark.parametrize("settings", [{"model": "a/b"}, {"timeout": 0}, {"retries": -1}, {"token": ""}])
def test_invalid_settings_are_refused(settings):
    with pytest.raises(OptionError):
        Client("http://localhost", **settings)
    with Client("http://localhost") as client, pytest.raises(OptionError):
        client.stream([], workers=0)
    with Client("http://localhost") as client, pytest.raises(OptionError):
        client.stream([], fill="NONE!")


@pytest.mark.slow
def test_the_public_names_come_from_the_room_which_imports_nothing_by_itself():
    program = (
        "import sys\nimport corinpaint.restore as room\n"
        "assert not {'numpy', 'astropy', 'requests', 'grpc'} & set(sys.modules)\n"
        "assert all(getattr(room, name) for name in room.__all__)\n"
        "sys.exit(bool({'torch', 'onnxruntime', 'grpc', 'requests'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
