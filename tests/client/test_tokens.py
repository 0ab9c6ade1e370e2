"""Tokens: where they come from, and that they are read again."""

from __future__ import annotations

import json

import pytest

from corinpaint.client.errors import TokenError
from corinpaint.client.tokens import TokenSource, read_key
from corinpaint.lasco.errors import OptionError


def write(path, key):
    entry = {"key": key, "expiration time": "2026-01-01T00:00:00Z"}
    path.write_text(json.dumps({"management": {"key": "m"}, "inference": entry, "API": {"key": "a"}}))
    return path


def test_the_inference_key_is_taken(tmp_path):
    assert TokenSource(key_file=write(tmp_path / "key_file.json", "abc")).current() == "abc"
    assert TokenSource("given").current() == "given"
    assert TokenSource().current() is None


def test_a_refused_key_is_replaced_by_the_new_one_of_the_file(tmp_path):
    keys = TokenSource(key_file=write(tmp_path / "key_file.json", "old"))
    write(tmp_path / "key_file.json", "new")
    assert keys.current() == "old"
    keys.renew("old")
    assert keys.current() == "new"
    keys.renew("old")  # another thread, which was refused with the old one
    assert keys.current() == "new"


def test_a_refused_key_without_another_one_is_an_error_that_says_what_to_do(tmp_path):
    path = write(tmp_path / "key_file.json", "old")
    with pytest.raises(TokenError, match=r"key_file.json.*60 minutes; renew it"):
        TokenSource(key_file=path).renew("old")
    with pytest.raises(TokenError, match=r"give the key_file.json"):
        TokenSource("given").renew("given")
    with pytest.raises(TokenError, match="wants a token"):
        TokenSource().renew(None)
    keys = TokenSource(key_file=path)
    path.unlink()
    with pytest.raises(TokenError, match="cannot be read"):
        keys.renew("old")


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"inference": {"key": 5}}', '{"inference": {"key": "a b"}}', '"x"'])
def test_a_file_without_a_key_is_refused_and_never_quoted(tmp_path, text):
    path = tmp_path / "key_file.json"
    path.write_text(text)
    with pytest.raises(OptionError, match=r"key_file.json: .*; give the key_file.json") as refused:
        read_key(path)
    assert "a b" not in str(refused.value)


def test_a_missing_file_and_a_token_with_blanks_are_reported_at_once(tmp_path):
    with pytest.raises(OptionError, match=r"gone.json: cannot be read"):
        TokenSource(key_file=tmp_path / "gone.json")
    with pytest.raises(OptionError, match="has blanks"):
        TokenSource("a\nb")
