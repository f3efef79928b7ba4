"""Correct programs with processes: not one hazard, not one process left."""

from __future__ import annotations

import json
import os
from pathlib import Path

import pytest

pytest_plugins = ["pytester"]
PROGRAMS = Path(__file__).with_name("correct_programs.py")


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
