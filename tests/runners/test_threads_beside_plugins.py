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
    assert "Timeout (>3.0s) from pytest-timeout" in done.text
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


SUITE = """
import os, unittest, warnings
import pytest
from unittest import mock
class Total: n = 0
def bump(): Total.n += 1
ITEMS = []
def test_plain(): assert 1 + 1 == 2
def test_race(): bump()
def test_capsys(capsys):
    print("x"); assert capsys.readouterr().out == "x\\n"
def test_monkeypatch(monkeypatch):
    monkeypatch.setenv("A", "1"); assert os.environ["A"] == "1"
def test_recwarn(recwarn):
    warnings.warn("w"); assert len(recwarn) == 1
def test_warns():
    with pytest.warns(UserWarning): warnings.warn("w")
def test_caplog(caplog): assert caplog.records == []
def test_tmp_path(tmp_path): (tmp_path / "d").mkdir()
@mock.patch("os.getcwd", return_value="x")
def test_patched(getcwd): assert os.getcwd() == "x"
def test_only_once():
    ITEMS.append(1); assert len(ITEMS) == 1 or len(ITEMS) > 2
def test_fails(): assert 0
async def test_async(): pass
class TestCase(unittest.TestCase):
    def test_method(self): self.assertTrue(True)
@pytest.mark.parametrize("n", [1, 2])
def test_param(n): assert n
"""


def test_stress_threads_over_a_plain_suite(pytester):
    done = run(pytester, SUITE, "--stress-threads=3", "--concurrency-schedules=20", "--deselect=test_it.py::test_async")
    failed = {name for name, outcome in done.outcomes.items() if outcome != "PASSED"}
    assert failed == {"test_race", "test_fails"}
    assert done.codes("test_race") == ["CH101"]
    assert done.codes("test_fails") == []
    alone = {name: note for name, test in done.tests.items() for note in test["notes"] if "one worker" in note}
    why = "run on one worker: it uses {}, which is not made for threads"
    assert alone["test_capsys"] == why.format("the fixture capsys")
    assert alone["test_monkeypatch"] == why.format("the fixture monkeypatch")
    assert alone["test_recwarn"] == why.format("the fixture recwarn")
    assert alone["test_caplog"] == why.format("the fixture caplog")
    assert alone["test_tmp_path"] == why.format("the fixture tmp_path")
    assert alone["test_warns"] == why.format("warns()")
    assert alone["test_patched"] == why.format("mock.patch")
    assert alone["test_only_once"].startswith("run on one worker: its body fails when")
    assert f"test_it.py::test_capsys: {alone['test_capsys']}" in done.text
    assert {"test_plain", "TestCase::test_method", "test_param[1]", "test_param[2]"} <= set(done.tests) - set(alone)
