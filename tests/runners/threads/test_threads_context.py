"""Context variables: each schedule begins with what they were before the first."""

from __future__ import annotations

from pytester_runs import run

SOURCE = """\
import contextvars
import decimal

import pytest

DEPTH = contextvars.ContextVar("DEPTH", default=0)
TAGS = contextvars.ContextVar("TAGS", default=[])
TRAIL = contextvars.ContextVar("TRAIL")


@pytest.mark.stress_threads(workers=0)
def test_body(thread_runner):
    assert DEPTH.get() == 0 and TRAIL.get(None) is None
    DEPTH.set(DEPTH.get() + 1)
    TRAIL.set([1])
    decimal.getcontext().prec = 5
    thread_runner.run(lambda: DEPTH.set(7), lambda: DEPTH.get())
    assert DEPTH.get() == 1


def test_default_changed_in_place(thread_runner):
    assert TAGS.get() == []
    thread_runner.run(lambda: TAGS.get().append("a"), lambda: TAGS.get().append("b"))
    assert sorted(TAGS.get()) == ["a", "b"]


@pytest.fixture
def deep():
    token = DEPTH.set(5)
    yield
    assert DEPTH.get() == 5
    DEPTH.reset(token)


def test_fixture(deep, thread_runner):
    assert DEPTH.get() == 5
    DEPTH.set(6)
    thread_runner.run(int, int)


def test_a_bug_behind_it(thread_runner):
    assert DEPTH.get() == 0
    DEPTH.set(1)
    seats = {}

    def book(name):
        if "1A" not in seats:
            seats["1A"] = name
            return True

    assert thread_runner.run(lambda: book("x"), lambda: book("y")).count(True) == 1


def test_nothing_is_left():
    assert DEPTH.get() == 0 and TRAIL.get(None) is None
"""


def test_every_run_begins_with_the_same_context(pytester):
    done = run(pytester, SOURCE)
    failed = [name for name, outcome in done.outcomes.items() if outcome != "PASSED"]
    assert failed == ["test_a_bug_behind_it"]
    assert done.codes("test_a_bug_behind_it")[0] == "CH110"
    assert "earlier runs leave something" not in done.text
