"""Keys of requests: written once, read again when they change, valid until they expire."""

from __future__ import annotations

import json
import stat

import pytest

from corinpaint.client.tokens import read_key
from corinpaint.handlers.asgi import tokens
from corinpaint.handlers.asgi.tokens import Keys

PAST, FUTURE = "2001-01-01T00:00:00.121030248Z", "2999-01-01T00:00:00Z"


@pytest.fixture
def path(tmp_path):
    return tmp_path / "folder" / "key_file.json"


def written(path, **entries):
    path.parent.mkdir(exist_ok=True)
    path.write_text(json.dumps(entries))


def test_a_missing_file_is_written_for_its_owner_alone_as_the_client_reads_it(path):
    keys = Keys(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert keys.accepts(f"Bearer {read_key(path)}")
    assert Keys(path).accepts(f"Bearer {read_key(path)}"), "a second start keeps the key"


@pytest.mark.parametrize(
    "given", [None, "", "Bearer", "Bearer no", "Basic KEY", "bearer KEY", "Bearer KEY ", "KEY", "ä"]
)
def test_anything_but_the_key_is_refused(path, given):
    written(path, inference={"key": "KEY"})
    assert not Keys(path).accepts(given)
    assert Keys(path).accepts(b"Bearer KEY")


def test_a_new_key_in_the_file_is_valid_at_once_and_the_old_one_no_longer(path):
    written(path, inference={"key": "old"})
    keys = Keys(path)
    assert keys.accepts("Bearer old")
    written(path, inference={"key": "newer"}, management={"key": "other"})
    assert [keys.accepts(f"Bearer {key}") for key in ("newer", "old", "other")] == [True, False, False]


def test_rotating_keeps_the_key_so_far_for_a_while(path):
    keys = Keys(path)
    old = read_key(path)
    keys.rotate(3600)
    assert read_key(path) != old
    assert keys.accepts(f"Bearer {old}")
    assert keys.accepts(f"Bearer {read_key(path)}")
    keys.rotate(-1)
    assert len(json.loads(path.read_text())) == 2
    assert not keys.accepts(f"Bearer {old}")


def test_an_expired_key_is_refused_and_replaced_at_the_start(path):
    written(path, inference={"key": "old", "expiration time": PAST})
    keys = Keys(path)
    assert not keys.accepts("Bearer old")
    assert keys.accepts(f"Bearer {read_key(path)}")
    written(path, inference={"key": "late", "expiration time": FUTURE})
    assert keys.accepts("Bearer late")


@pytest.mark.parametrize("content", ["", "[]", '{"inference": 3}', '{"inference": {"key": 3}}'])
def test_a_file_that_cannot_be_read_leaves_the_keys_so_far(path, content, caplog):
    written(path, inference={"key": "KEY"})
    keys = Keys(path)
    path.write_text(content)
    assert keys.accepts("Bearer KEY")
    assert "cannot be read" in caplog.text
    path.unlink()
    assert keys.accepts("Bearer KEY")


def test_every_key_is_compared_in_constant_time(path, monkeypatch):
    written(path, **{"inference": {"key": "one"}, "previous inference": {"key": "two"}})
    compared = []
    monkeypatch.setattr(tokens.hmac, "compare_digest", lambda known, key: compared.append(known) or known == key)
    assert Keys(path).accepts("Bearer one")
    assert compared == [b"one", b"two"]
