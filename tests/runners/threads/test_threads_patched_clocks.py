"""Tests that patch or freeze the clocks of ``time``: the plugin goes by the real ones all the same."""

from __future__ import annotations

from pytester_runs import no_traceback_of_ours, run

PATCHED = """
import time
import pytest

CLOCKS = [name for name in dir(time) if name.startswith(("monotonic", "perf_counter", "process_time", "thread_time"))]

@pytest.fixture
def clocks():
    kept = {name: getattr(time, name) for name in CLOCKS}
    for name in CLOCKS:
        setattr(time, name, CLOCK)
    yield
    for name in CLOCKS:
        setattr(time, name, kept[name])
"""


def test_clocks_that_run_out_are_not_asked_by_the_plugin(pytester):
    clock = """
answers = iter([1.0])
def CLOCK(): return next(answers)
"""
    body = """
@pytest.mark.stress_threads
def test_marked(clocks): pass

def test_runner(clocks, thread_runner):
    seen = []
    thread_runner.run(lambda: seen.append(1), lambda: seen.append(2))
    assert sorted(seen) == [1, 2]
"""
    done = run(pytester, PATCHED + clock + body)
    assert done.outcomes == {"test_marked": "PASSED", "test_runner": "PASSED"}
    assert no_traceback_of_ours(done.text)


def test_max_seconds_counts_real_time(pytester):
    body = """
CLOCK = lambda: 5.0
@pytest.mark.stress_threads(max_seconds=0.3, schedules=100000, strategy="random")
def test_marked(clocks):
    box = []
    for n in range(20):
        box.append(n)
    assert time.monotonic() == 5.0
"""
    done = run(pytester, PATCHED + body)
    assert done.outcomes == {"test_marked": "PASSED"}
    assert 0.0 < done.tests["test_marked"]["seconds"] < 60.0


def test_time_frozen_by_a_fixture_does_not_use_up_the_budget_of_a_suite(pytester):
    body = """
CLOCK = lambda: -1e9
def test_frozen(clocks): assert time.monotonic() == -1e9
def test_after(): pass
"""
    done = run(pytester, PATCHED + body, "--stress-threads", "2", "--concurrency-max-seconds", "30")
    assert done.outcomes == {"test_frozen": "PASSED", "test_after": "PASSED"}
    assert "2 tests stressed" in done.text
    assert all(0.0 <= test["seconds"] < 30.0 for test in done.tests.values())
