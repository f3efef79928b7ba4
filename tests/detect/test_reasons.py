"""Causes and fixes that rows tell: what was not waited for, and what changed once more before a worker looked again."""

from __future__ import annotations

from pytest_concurrency.detect.failures import failures_of
from pytest_concurrency.detect.reasons import changed_again, not_awaited
from pytest_concurrency.trace.outcome import Blocked, Outcome, Row


def row(worker, action, location="n", line=1):
    return Row(worker, "/r/a.py", line, action, str(location), "", f"a:{line}", 0, location)


def rows_of(text):
    """Return rows of "main reads n, 0 writes n"."""
    told = [part.split() for part in text.split(", ")]
    return [row(worker, action.removesuffix("s"), location) for worker, action, location in told]


def test_what_the_test_did_not_wait_for():
    assert not_awaited(rows_of("main reads n, 0 writes n"))
    assert not_awaited(rows_of("0 writes n, main reads n, main reads m, 1 reads n, 1 writes n"))
    assert not not_awaited(rows_of("0 writes n, main reads n, 0 writes n")), "between two of its writes"
    assert not not_awaited(rows_of("0 writes n, main reads n")), "it was there"
    assert not not_awaited(rows_of("main writes n, 0 writes n")), "the test did not look"
    assert not not_awaited(rows_of("main reads n, 0 reads n, 0 writes m"))
    assert not not_awaited(rows_of("0 writes n")) and not not_awaited([])


def test_the_fix_is_to_wait_unless_a_worker_failed():
    rows = tuple(rows_of("main reads n, 0 writes n"))
    (failure,) = failures_of(Outcome(1, 9, (), 0, error=AssertionError("x"), rows=rows))
    assert failure.fix.startswith("Wait for it first")
    (failure,) = failures_of(Outcome(1, 9, (), 0, error=AssertionError("x"), rows=rows, failing=("0",)))
    assert not failure.fix


def blocked(worker="0", operation="Condition.wait"):
    return Blocked(worker, "/r/a.py", 1, operation, "", "", 0, "", True, False)


def test_what_had_changed_again():
    text = "0 writes n, 0 reads n, 0 waits C, 1 writes n, 1 notifys C, 1 writes n, 0 reads n, 0 waits C"
    assert changed_again(rows_of(text), [blocked()])
    assert changed_again(rows_of(text), [blocked("main", "join"), blocked(operation="Condition.wait_for")])
    assert not changed_again(rows_of(text), [blocked("1")])
    assert not changed_again(rows_of(text), [blocked(operation="Event.wait")])
    assert not changed_again(rows_of(text.replace("1 notifys C, 1 writes n", "1 writes m")), [blocked()]), "once"
    assert not changed_again(rows_of(text.replace("0 waits C, 1", "0 writes m, 1")), [blocked()]), "another wait"
    assert not changed_again([], [blocked()])


def test_what_an_exception_says_at_length_is_cut():
    (failure,) = failures_of(Outcome(1, 9, (), 0, error=ValueError("x" * 5000)))
    assert failure.message == f"Under this schedule: ValueError: {'x' * 297}...."
