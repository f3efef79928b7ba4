"""What the first two runs, in serial order, do not show: it is found all the same, with its rows, and replays."""

from __future__ import annotations

import json
from typing import Any

import pytest

TESTS = """
import io
from concurrent.futures import ThreadPoolExecutor

import pytest


def test_equality(thread_runner):
    jobs = []
    def add():
        if jobs == []:
            jobs.append("one")
    thread_runner.run(add, workers=2)
    assert jobs == ["one"]


def test_short_circuit(thread_runner):
    jobs = ["one"]
    def take():
        return jobs and jobs.pop()
    thread_runner.run(take, workers=2)


class Point:
    __match_args__ = ("x", "y")
    def __init__(self, x, y):
        self.x, self.y = x, y


@pytest.mark.parametrize("positional", [True, False])
def test_class_pattern(thread_runner, positional):
    point = Point(0, 0)
    claimed = []
    def by_position(name):
        match point:
            case Point(0, 0):
                point.x = 1
                claimed.append(name)
    def by_keyword(name):
        match point:
            case Point(y=0):
                point.y = 1
                claimed.append(name)
    thread_runner.map(by_position if positional else by_keyword, "ab")
    assert len(claimed) == 1


def test_starred(thread_runner):
    jobs = [1, 2]
    def cut():
        first, *rest = jobs
        jobs[:] = rest
    thread_runner.run(cut, workers=2)
    assert jobs == []


def test_last_one_first(thread_runner):
    text = io.StringIO("title")
    def show():
        text.seek(0)
        return text.read()
    text.seek(5)
    thread_runner.run(lambda: text.write("!"), show)
    assert text.getvalue() == "title!"


@pytest.mark.stress_threads(workers=0)
def test_two_tasks():
    found = {}
    def task(number):
        if "first" not in found:
            found["first"] = number
            return True
    with ThreadPoolExecutor(2) as pool:
        assert list(pool.map(task, [1, 2])).count(True) == 1
"""


def run(pytester: pytest.Pytester, *options: str) -> dict[str, dict[str, Any]]:
    """Run the tests and return their objects in the JSON report, by name."""
    pytester.runpytest_subprocess(
        "-p", "no:randomly", "-p", "no:cacheprovider", "--concurrency-max-seconds=30",
        "--concurrency-report=json:report.json", *options,
    )  # fmt: skip
    tests = json.loads((pytester.path / "report.json").read_text())["tests"]
    return {test["nodeid"].partition("::")[2]: test for test in tests}


def test_all_are_found_and_shown_and_the_last_replays(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=TESTS)
    found = run(pytester)
    assert len(found) == TESTS.count("def test_") + 1
    for name, test in found.items():
        assert [h["code"] for h in test["hazards"] if h["severity"] == "error"] == ["CH110"], name
        workers = {location["worker"] for location in test["hazards"][0]["locations"]}
        assert len(workers - {"", "main"}) == 2, name
    (hazard,) = found["test_last_one_first"]["hazards"]
    again = run(pytester, f"--concurrency-replay={hazard['replay']}", "-k", "last_one_first")
    assert again["test_last_one_first"]["notes"] == ["the replayed schedule fails as it did"]
