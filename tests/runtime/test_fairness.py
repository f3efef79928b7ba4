"""Programs that end only when every worker has come round pass, whatever a schedule prefers."""

from __future__ import annotations

import pytest

import pytester_runs

HEAD = """
import threading
import time

import pytest

pytestmark = pytest.mark.stress_threads(timeout=8, max_seconds=2)
"""


@pytest.fixture
def run(pytester):
    return lambda program: pytester_runs.run(pytester, HEAD + program)


def test_rounds_that_sleep_under_a_lock(run):
    """Time goes on for who sleeps while another one takes the lock again and again, and who waits for it gets it."""
    done = run(
        """
def test_rounds(thread_runner):
    counts, table, lock, ready = [0, 0], {}, threading.RLock(), threading.Barrier(2)

    def worker(index):
        ready.wait()
        while any(count < 10 for count in counts) and all(count < 1000 for count in counts):
            with lock:
                time.sleep(0.001)
                table[index] = counts[index]
            with lock:
                assert table[index] == counts[index]
            with lock:
                del table[index]
            with lock:
                assert index not in table
            counts[index] += 1

    thread_runner.run(lambda: worker(0), lambda: worker(1))
    assert not table
"""
    )
    assert done.outcomes == {"test_rounds": "PASSED"}, done.text


def test_a_worker_that_sleeps_beside_one_that_works_meanwhile(run):
    done = run(
        """
def test_meanwhile(thread_runner):
    done, table = [0], {}

    def slow():
        for _ in range(20):
            time.sleep(0.01)
            done[0] += 1

    def busy():
        number = 0
        while done[0] < 20:
            number += 1
            table[number % 7] = number
            table.pop((number + 3) % 7, None)

    thread_runner.run(slow, busy)
    assert done == [20]
"""
    )
    assert done.outcomes == {"test_meanwhile": "PASSED"}, done.text


def test_workers_that_undo_what_each_other_does(run):
    """In turns of one length and one order, the reader would never meet what it looks for."""
    done = run(
        """
def test_undone(thread_runner):
    counts, table, lock = [0, 0, 0], {}, threading.Lock()

    def put():
        while any(count < 5 for count in counts):
            with lock:
                time.sleep(0.001)
                table["x"] = 1
            counts[0] += 1

    def take():
        while any(count < 5 for count in counts):
            with lock:
                if table.pop("x", None):
                    counts[1] += 1

    def look():
        while any(count < 5 for count in counts):
            with lock:
                if "x" in table:
                    counts[2] += 1

    thread_runner.run(put, take, look)
    assert counts[2] >= 5
"""
    )
    assert done.outcomes == {"test_undone": "PASSED"}, done.text
