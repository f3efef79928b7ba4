"""Other plugins add a hazard, a strategy, a detector, a reporter, and look on: the example of ``docs/extending.md``."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytester_runs import run

PAGE = Path(__file__).parent.parent / "docs" / "extending.md"

PROGRAM = """
    import pytest
    class Box: n = 0
    box = Box()
    @pytest.mark.stress_threads(schedules=10, ignore=["CH101"])
    def test_it():
        box.n = 1
        box.n = 2
"""


@pytest.fixture
def plugin(pytester: pytest.Pytester) -> str:
    """The page's plugin, with callbacks that write down what they see."""
    source = re.search(r"```python\n(.*?)```", PAGE.read_text(encoding="utf-8"), re.S)[1]
    head, _, _ = source.partition("def pytest_concurrency_schedule_started")
    tail = """
log = open("log.txt", "a")
def pytest_concurrency_schedule_started(item, number, strategy):
    print("started", item.name, number, strategy, file=log, flush=True)
def pytest_concurrency_schedule_finished(item, number, outcome):
    print("finished", item.name, number, outcome.steps > 0, file=log, flush=True)
def pytest_concurrency_result(item, result):
    print("result", item.name, result.outcome, file=log, flush=True)
"""
    pytester.makeconftest(head + tail)
    return head


def test_one_of_each(pytester: pytest.Pytester, plugin: str) -> None:
    done = run(pytester, PROGRAM, "--concurrency-strategy=reverse", "--concurrency-report=count:count.txt")
    assert done.outcomes == {"test_it": "PASSED"}, done.text
    (hazard,) = [h for h in done.tests["test_it"]["hazards"] if h["code"] == "XX101"]
    assert hazard["name"] == "too chatty"
    assert hazard["severity"] == "warning"
    assert hazard["message"] == "4 writes, the last to Box.n"
    assert (pytester.path / "count.txt").read_text() == "1 stressed\n"
    log = (pytester.path / "log.txt").read_text().splitlines()
    schedules = done.tests["test_it"]["schedules"]
    assert log[0] == "started test_it 1 serial"
    assert log[1] == "finished test_it 1 True"
    assert "started test_it 3 reverse" in log
    assert sum(line.startswith("finished") for line in log) >= schedules
    assert log[-1] == "result test_it passed"


def test_detector_s_error_fails_the_test(pytester: pytest.Pytester, plugin: str) -> None:
    pytester.makeini("[pytest]\nconcurrency_error = XX101")
    done = run(pytester, PROGRAM)
    assert done.outcomes == {"test_it": "FAILED"}
    assert "4 writes, the last to Box.n" in done.text


def test_its_hazard_is_in_the_catalogue_and_can_be_ignored(pytester: pytest.Pytester, plugin: str) -> None:
    pytester.makeini("[pytest]\nconcurrency_ignore = XX101")
    done = run(pytester, PROGRAM)
    assert [h for h in done.tests["test_it"]["hazards"] if h["code"] == "XX101"] == []
    listed = pytester.runpytest_subprocess("--concurrency-hazards")
    listed.stdout.fnmatch_lines(["XX101 too chatty (warning)"])


def test_a_changed_severity_decides_the_verdict(pytester: pytest.Pytester) -> None:
    pytester.makeconftest(
        """
        import dataclasses
        def pytest_concurrency_hazard(item, finding):
            if finding.code == "CH101":
                return dataclasses.replace(finding, severity="warning", message="known: " + finding.message)
        """
    )
    done = run(
        pytester,
        """
        import pytest
        n = 0
        @pytest.mark.stress_threads
        def test_it():
            global n
            n += 1
        """,
    )
    assert done.outcomes == {"test_it": "PASSED"}
    assert done.tests["test_it"]["hazards"][0]["message"].startswith("known: ")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        (
            "def pytest_concurrency_strategies(): return {'pct': 1}",
            "pytest_concurrency_strategies: the name 'pct' is taken.",
        ),
        (
            "from pytest_concurrency.hazards import Hazard\n"
            "def pytest_concurrency_hazards(): return [Hazard('CH101', 'x', 'error', '', '')]",
            "pytest_concurrency_hazards: the code 'CH101' is taken.",
        ),
        (
            "from pytest_concurrency.hazards import Hazard\n"
            "def pytest_concurrency_hazards(): return [Hazard('XX1', 'x', 'bad', '', '')]",
            "XX1: severity 'bad' is not one of error, warning.",
        ),
    ],
)
def test_wrong_extensions_are_refused(pytester: pytest.Pytester, source: str, said: str) -> None:
    pytester.makeconftest(source)
    result = pytester.runpytest_subprocess()
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    result.stderr.fnmatch_lines([f"*{said.replace('[', '[[]')}*"])
