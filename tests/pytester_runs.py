"""Driving a real pytest from a test: run a source file, look at each test's outcome and at the JSON report."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest

TIME_OUT = 170
OUTCOME = re.compile(r"^(PASSED|FAILED|ERROR|XFAIL|XPASS) test_it\.py::(\S+)")


@dataclass
class Run:
    """What a run of pytest came to: ``outcomes`` by test name, ``tests`` of the JSON report by test name."""

    result: pytest.RunResult
    outcomes: dict[str, str] = field(default_factory=dict)
    tests: dict[str, dict[str, Any]] = field(default_factory=dict)

    @property
    def text(self) -> str:
        return self.result.stdout.str() + self.result.stderr.str()

    def codes(self, name: str) -> list[str]:
        return [hazard["code"] for hazard in self.tests[name]["hazards"]]

    def token(self, name: str) -> str:
        return next(hazard["replay"] for hazard in self.tests[name]["hazards"] if hazard["replay"])


def run(pytester: pytest.Pytester, source: str | None = None, *args: str) -> Run:
    """Run ``source`` as ``test_it.py`` (None: the one that is there) in a process of its own."""
    if source is not None:
        pytester.makepyfile(test_it=source)
    report = pytester.path / "report.json"
    report.unlink(missing_ok=True)
    result = pytester.runpytest_subprocess(
        "-rA", "-p", "no:randomly", f"--concurrency-report=json:{report}", *args, timeout=TIME_OUT
    )
    done = Run(result)
    for line in result.outlines:
        found = OUTCOME.match(line)
        if found:
            done.outcomes[found.group(2)] = found.group(1)
    if report.exists():
        for test in json.loads(report.read_text())["tests"]:
            done.tests[test["nodeid"].partition("::")[2]] = test
    return done


def no_traceback_of_ours(text: str) -> bool:
    """Say whether ``text`` is free of tracebacks that go through the plugin."""
    return "INTERNALERROR" not in text and not re.search(r"pytest_concurrency/\S+\.py[\":]", text)
