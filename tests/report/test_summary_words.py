"""What the summary says with ``-v``: only of tests that passed, and in the singular where there is one."""

from __future__ import annotations

from pytester_runs import run

SOURCE = """
import pytest
@pytest.mark.stress_threads
def test_fails(): assert 1 == 2
@pytest.mark.stress_threads(strategy="dpor")
def test_alone(): pass
@pytest.mark.stress_threads(schedules=1)
def test_once(): pass
"""


def test_verdicts(pytester):
    done = run(pytester, SOURCE, "-v")
    assert done.outcomes == {"test_fails": "FAILED", "test_alone": "PASSED", "test_once": "PASSED"}
    told = [line for line in done.result.outlines if line.startswith("test_it.py::") and "no hazard" in line]
    assert not [line for line in told if "test_fails" in line], "it did not pass"
    assert not [line for line in told if " 1 schedules" in line or "all 1 " in line], told
    assert any(line.endswith("schedules: no hazard, 1 failed otherwise") for line in done.result.outlines)


def test_tests_on_one_worker_have_no_schedules_and_no_verdict(pytester):
    alone = "def test_alone(monkeypatch): pass\n"
    assert "no test stressed" in run(pytester, alone, "--stress-threads=2").result.outlines
    done = run(pytester, f"{alone}def test_beside(): pass\n", "--stress-threads=2")
    assert "1 test stressed, 2 schedules: no hazard" in done.result.outlines
