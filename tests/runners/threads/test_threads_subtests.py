"""Subtests in stressed tests: what one of them finds in some schedule is the test's failure; none is told by itself."""

from __future__ import annotations

import pytest

from pytester_runs import no_traceback_of_ours, run

pytest.importorskip("_pytest.subtests")

SOURCE = """
import unittest
import pytest
class Total: n = 0
def seen_twice():
    if Total.n == 0:
        Total.n = 1
        return False
    return True
@pytest.mark.stress_threads
def test_marked(subtests):
    for n in range(3):
        with subtests.test(n=n): assert n < 3
    with subtests.test("skipped"): pytest.skip("not here")
    with subtests.test("expected"): pytest.xfail("not yet")
def test_runner(subtests, thread_runner):
    Total.n = 0
    seen = thread_runner.run(seen_twice, seen_twice)
    with subtests.test("once"): assert sorted(seen) == [False, True]
class TestCase(unittest.TestCase):
    @pytest.mark.stress_threads
    def test_passes(self):
        for n in range(3):
            with self.subTest(n=n): self.assertLess(n, 3)
    @pytest.mark.stress_threads(workers=0)
    def test_own_threads(self):
        import threading
        seen, Total.n = [], 0
        threads = [threading.Thread(target=lambda: seen.append(seen_twice())) for _ in range(2)]
        for thread in threads: thread.start()
        for thread in threads: thread.join()
        with self.subTest("once"): self.assertEqual(sorted(seen), [False, True])
    def test_plain(self):
        with self.subTest("plain"): pass
def test_plain(subtests):
    with subtests.test("plain"): pass
"""


def test_a_subtest_that_fails_in_a_schedule_is_the_tests_failure(pytester):
    done = run(pytester, SOURCE, "--concurrency-schedules=30")
    assert done.outcomes == {
        "test_marked": "PASSED", "test_runner": "FAILED", "TestCase::test_passes": "PASSED",
        "TestCase::test_own_threads": "FAILED", "TestCase::test_plain": "PASSED", "test_plain": "PASSED",
    }  # fmt: skip
    assert done.codes("test_runner") == done.codes("TestCase::test_own_threads") == ["CH110", "CH102"]
    assert "SUBFAILED" not in done.text
    assert "2 failed, 4 passed" in done.text
    assert no_traceback_of_ours(done.text)


PROCESSES = """
import pytest
def test_processes(subtests, process_runner):
    seen = process_runner.run(int, int)
    for n in range(2):
        with subtests.test(n=n): assert n == 0
"""


def test_a_subtest_that_fails_beside_processes_is_told_once(pytester):
    done = run(pytester, PROCESSES)
    assert done.outcomes == {"test_processes": "FAILED"}
    assert "assert 1 == 0" in done.text
    assert "SUBFAILED" not in done.text
    assert no_traceback_of_ours(done.text)
