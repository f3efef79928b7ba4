"""A ``with`` statement takes its lock where it was announced: nobody comes in between, on any Python."""

from __future__ import annotations

from pytester_runs import run

SOURCE = """
import threading
import pytest
@pytest.mark.stress_threads(workers=0, schedules=60, strategy="auto", timeout=4, ignore=["CH104", "CH105"])
def test_opposite_orders(thread_runner):
    a, b = threading.Lock(), threading.Lock()
    def one():
        with a:
            with b: pass
    def two():
        with b:
            with a: pass
    thread_runner.run(one, two)
"""


def test_schedules_that_go_on_past_a_deadlock_end(pytester):
    done = run(pytester, SOURCE, "--concurrency-max-seconds=20")
    assert done.outcomes == {"test_opposite_orders": "PASSED"}, done.text
    assert done.tests["test_opposite_orders"]["schedules"] == 60
