"""Correct programs with processes: not one hazard, not one process left."""

from __future__ import annotations

import json
import multiprocessing
import os
import sys
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
PROGRAMS = Path(__file__).with_name("correct_programs.py")


def test_a_fork_server_that_takes_its_time_is_no_hang(pytester: pytest.Pytester) -> None:
    if "forkserver" not in multiprocessing.get_all_start_methods():
        pytest.skip(f"no fork server on {sys.platform}")
    pytester.makepyfile(
        slow="import time; time.sleep(4)",
        test_it="""
        import multiprocessing, os, pytest
        @pytest.mark.stress_processes(workers=0, repeats=1, timeout=60)
        def test_it():
            context = multiprocessing.get_context("forkserver")
            context.set_forkserver_preload(["slow"])
            process = context.Process(target=os.getpid)
            process.start()
            process.join()
            assert process.exitcode == 0
        """,
    )
    result = pytester.runpytest_subprocess("-p", "no:randomly")
    result.assert_outcomes(passed=1)


def test_nothing_is_reported_of_correct_programs(pytester: pytest.Pytester, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("METHODS", "fork")
    monkeypatch.setenv("REPEATS", "2")
    pytester.makepyfile(test_correct=PROGRAMS.read_text())
    result = pytester.runpytest_subprocess(
        "-p",
        "no:randomly",
        "--concurrency-schedules",
        os.environ.get("SCHEDULES", "3"),
        "--concurrency-report",
        "json:out.json",
    )
    tests = json.loads(Path(pytester.path, "out.json").read_text())["tests"]
    assert [hazard for test in tests for hazard in test["hazards"]] == []
    assert {test["outcome"] for test in tests} == {"passed"}
    assert len(tests) >= 35
    assert result.ret == 0
