"""The failure database: order, limits, forgetting, and files that are damaged."""

from __future__ import annotations

import pytest

from pytest_concurrency.schedules.database import KEPT, FailureDatabase
from pytest_concurrency.schedules.directives import Directive
from pytest_concurrency.schedules.token import BadToken, Token, decode, encode
from pytest_concurrency.schedules.token import test_digest as digest


def test_newest_first_and_no_more_than_kept(tmp_path):
    database = FailureDatabase(tmp_path)
    for number in range(KEPT + 2):
        database.remember("a", f"t{number}")
    database.remember("a", "t3")
    assert database.tokens("a")[:2] == ["t3", f"t{KEPT + 1}"]
    assert len(database.tokens("a")) == KEPT
    assert database.tokens("b") == []


def test_forgetting_the_last_token_removes_the_file(tmp_path):
    database = FailureDatabase(tmp_path)
    database.remember("a", "t")
    database.forget("a", "other")
    assert database.tokens("a") == ["t"]
    database.forget("a", "t")
    assert database.tokens("a") == []
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("damage", [b"", b"{", b"[]", b"3", b'{"tokens": [3]}', b'{"tokens": "abc"}', b"\xff\xfe"])
def test_a_damaged_file_counts_as_empty_and_is_said(tmp_path, damage):
    database = FailureDatabase(tmp_path)
    path = tmp_path / f"{digest('a')}.json"
    path.write_bytes(damage)
    assert database.tokens("a") == []
    assert path.name in database.damaged
    database.remember("a", "t")
    assert FailureDatabase(tmp_path).tokens("a") == ["t"]


def test_without_a_cache_nothing_is_kept():
    database = FailureDatabase(None)
    database.remember("a", "t")
    assert database.tokens("a") == []


def test_a_token_holds_its_schedule_and_notices_damage():
    token = Token(digest("a"), "CH101", (Directive("0.1", "m:f:read:x:1", 3, "before", "main"),))
    word = encode(token)
    assert decode(word) == token
    assert decode(f" {word}\n") == token
    for position in range(len(word)):
        changed = word[:position] + ("z" if word[position] != "z" else "y") + word[position + 1 :]
        with pytest.raises(BadToken):
            decode(changed)
    for length in range(len(word)):
        with pytest.raises(BadToken):
            decode(word[:length])
