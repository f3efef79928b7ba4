"""Stressed tests beside other pytest plugins: the same verdict, and results reach the one report."""

from __future__ import annotations

import pytest

from pytester_runs import no_traceback_of_ours, run

TESTS = """
import threading
import pytest
class Total: n = 0
@pytest.mark.stress_threads
def test_lost(): Total.n += 1
def test_locked(thread_runner):
    lock, state = threading.Lock(), [0]
    def add():
        with lock:
            state[0] += 1
    thread_runner.run(add, add)
    assert state[0] == 2
@pytest.mark.stress_threads(workers=0)
def test_own_threads():
    done = threading.Event()
    thread = threading.Thread(target=done.set)
    thread.start()
    assert done.wait(5)
    thread.join()
def test_plain(): pass
"""


@pytest.mark.parametrize(
    "args",
    [
        ("-n", "2"),
        ("-p", "randomly", "-p", "no:cacheprovider", "--randomly-seed=3"),
        ("--timeout=60", "--timeout-method=signal"),
        ("--timeout=60", "--timeout-method=thread"),
        ("--cov=test_it", "--cov-report=term-missing"),
    ],
    ids=lambda args: args[0] + args[-1],
)
def test_verdicts_do_not_change(pytester, args):
    done = run(pytester, TESTS, "--concurrency-schedules=30", *args)
    assert done.outcomes == {
        "test_lost": "FAILED", "test_locked": "PASSED", "test_own_threads": "PASSED", "test_plain": "PASSED"
    }  # fmt: skip
    assert done.codes("test_lost") == ["CH101"]
    assert set(done.tests) == {"test_lost", "test_locked", "test_own_threads"}
    assert "3 tests stressed" in done.text
    assert "1 CH101 lost update" in done.text
    assert no_traceback_of_ours(done.text)
    if "--cov=test_it" in args:
        assert "100%" in done.text


def test_time_out_of_pytest_timeout_ends_the_test_and_not_the_session(pytester):
    done = run(
        pytester,
        """
        import threading
        import pytest
        def test_spinning(thread_runner):
            def spin():
                for _ in range(10**7):
                    sum(range(100))
            thread_runner.run(spin, spin)
        def test_after(thread_runner):
            assert thread_runner.run(int, int) == [0, 0]
        """,
        "--timeout=3",
        "--timeout-method=signal",
    )
    done.result.assert_outcomes(passed=1, failed=1)
    assert "Timeout" in done.text and ">3.0s" in done.text
    assert done.tests["test_spinning"]["outcome"] == "error"
    assert done.tests["test_spinning"]["hazards"] == []


def test_exploring_stops_before_pytest_timeout_strikes(pytester):
    done = run(
        pytester,
        """
        import threading
        import pytest
        @pytest.mark.timeout(6)
        @pytest.mark.stress_threads(schedules=10**8, max_seconds=1000)
        def test_long(thread_runner):
            lock, state = threading.Lock(), [0]
            def add():
                with lock:
                    state[0] += 1
            thread_runner.run(add, add)
        """,
    )
    assert done.outcomes == {"test_long": "PASSED"}
