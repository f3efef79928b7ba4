"""What a fixture finds amiss when it is torn down belongs to the run before, and is a finding like any other."""

from __future__ import annotations

import pytest

from pytester_runs import Run, run

SOURCE = """
import pytest

class Counter:
    def __init__(self):
        self.n = 0

    def add(self):
        self.n += 1

@pytest.fixture
def checked():
    counter = Counter()
    yield counter
    assert counter.n == 2, "checked in the tear-down"

def test_checked(thread_runner, checked):
    thread_runner.run(checked.add, checked.add)

def test_body_first(thread_runner, checked):
    thread_runner.run(checked.add, checked.add)
    assert checked.n == 2, "checked in the body"

@pytest.fixture
def wrong():
    yield Counter()
    raise ValueError("whatever the order")

def test_wrong(thread_runner, wrong):
    thread_runner.run(wrong.add, lambda: None)

class TestOldStyle:
    def setup_method(self):
        self.counter = Counter()

    def teardown_method(self):
        assert self.counter.n == 2, "checked in the tear-down"

    def test_method(self, thread_runner):
        thread_runner.run(self.counter.add, self.counter.add)
"""


@pytest.fixture
def done(pytester: pytest.Pytester) -> Run:
    return run(pytester, SOURCE)


def test_each_tear_down_is_judged_with_its_run(done: Run) -> None:
    for name in ("test_checked", "TestOldStyle::test_method"):
        assert done.outcomes[name] == "FAILED"
        assert {"CH101"} <= set(done.codes(name)) <= {"CH101", "CH110"}
        assert done.token(name)
    assert "checked in the tear-down" in done.text


def test_the_body_comes_first(done: Run) -> None:
    assert {"CH101"} <= set(done.codes("test_body_first")) <= {"CH101", "CH110"}
    assert "checked in the body" in done.text


def test_a_tear_down_that_always_fails_is_an_ordinary_failure(done: Run) -> None:
    assert done.outcomes["test_wrong"] == "FAILED"
    assert done.codes("test_wrong") == []
    assert "ValueError: whatever the order" in done.text
    assert "ended by" not in done.text


def test_a_set_up_that_works_once_says_why_it_was_tried_again(pytester):
    pytester.makepyfile(
        """
        import sys
        import pytest

        @pytest.fixture
        def once():
            if hasattr(sys, "set_up_before"):
                raise RuntimeError("already there")
            sys.set_up_before = True

        @pytest.mark.stress_threads
        def test_it(once): pass
        """
    )
    result = pytester.runpytest_subprocess("-p", "no:cacheprovider")
    result.assert_outcomes(failed=1)
    result.stdout.fnmatch_lines(
        ["E * RuntimeError: already there", "E * The fixtures were set up again: each schedule*"]
    )
