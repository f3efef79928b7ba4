"""What locks are called, and which of them have numbers."""

from __future__ import annotations

from pytest_concurrency.trace.locks import numbered, numbers_of, the_lock, waiting_for
from pytest_concurrency.trace.outcome import Blocked, Row


def taken(worker, name, lock, action="acquire"):
    return Row(worker, "/r/a.py", 1, action, name, "", "s", 0, lock)


def blocked(worker, name, lock, holder):
    return Blocked(worker, "/r/a.py", 4, "lock", the_lock(name), holder, 3, "/r/a.py", False, False, False, False,
                   lock, name)  # fmt: skip


def test_names():
    assert [the_lock(name) for name in ("", "lock", "mutex")] == ["a lock", "the lock", "the lock mutex"]
    assert [the_lock(name, 2) for name in ("", "lock", "mutex")] == ["lock #2", "lock #2", "the lock mutex #2"]


def test_locks_that_their_names_tell_apart_have_no_numbers():
    rows = [taken("0", "a", 1), taken("1", "b", 2), taken("1", "a", 1, "release")]
    assert numbers_of(rows, [blocked("0", "b", 2, "1")]) == {}
    assert numbered(rows[0], {}) is rows[0]


def test_locks_of_one_name_are_numbered_in_the_order_of_their_holders():
    waits = [blocked("0", "lock", 11, "1"), blocked("1", "lock", 10, "0")]
    numbers = numbers_of((), waits)
    assert numbers == {10: 1, 11: 2}
    assert [waiting_for(row, numbers).waits_for for row in waits] == ["lock #2", "lock #1"]
    rows = [taken("0", "lock", 9), taken("0", "lock", 10), taken("1", "lock", 11)]
    assert [numbered(row, numbers_of(rows, waits)).target for row in rows] == ["lock #3", "lock #1", "lock #2"]


def test_a_lock_of_two_names_has_one_number():
    rows = [taken("0", "first", 1), taken("1", "first", 2), taken("0", "second", 2, "wait for")]
    assert [numbered(row, numbers_of(rows)).target for row in rows] == ["first #1", "first #2", "second #2"]
    only = [taken("0", "lock", 1), taken("1", "mutex", 1)]
    assert [numbered(row, numbers_of(only)).target for row in only] == ["lock #1", "mutex #1"]


def test_other_rows_have_none():
    rows = [taken("0", "lock", 1), taken("1", "lock", 2), Row("0", "a.py", 1, "read", "lock", location=1)]
    assert numbered(rows[2], numbers_of(rows)) is rows[2]
    assert waiting_for(blocked("0", "", None, ""), {None: 1}).waits_for == "a lock"
