"""What workers that a test forks itself die of, under schedules."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["pytester"]

ASSERTING = """
import multiprocessing, pytest
ctx = multiprocessing.get_context("fork")
def use(slots, inside):
    {guard}
        with inside.get_lock():
            inside.value += 1
            now = inside.value
        assert now == 1, f"{{now}} inside"
        with inside.get_lock():
            inside.value -= 1
@pytest.mark.stress_processes(workers=0, repeats=1, max_seconds=100, schedules=40)
def test_it():
    slots, inside = ctx.Semaphore(1), ctx.Value("i", 0)
    processes = [ctx.Process(target=use, args=(slots, inside)) for _ in range(2)]
    for process in processes: process.start()
    for process in processes: process.join()
    {afterwards}
"""
WAITING = """
import multiprocessing, pytest
ctx = multiprocessing.get_context("fork")
def answer(asked, answers, known):
    if not known.value:
        raise LookupError("nothing is known yet")
    answers.put(known.value)
def learn(known):
    known.value = 7
@pytest.mark.stress_processes(workers=0, repeats=1, max_seconds=100, schedules=40)
def test_it():
    answers, known = ctx.SimpleQueue(), ctx.Value("i", 0)
    first = ctx.Process(target=learn, args=(known,))
    second = ctx.Process(target=answer, args=(1, answers, known))
    first.start()
    second.start()
    assert answers.get() == 7
    first.join()
    second.join()
"""


def run(pytester: pytest.Pytester, program: str, *args: str) -> dict[str, Any]:
    pytester.makepyfile(test_it=program)
    pytester.runpytest_subprocess("-p", "no:randomly", "--concurrency-report", "json:out.json", *args)
    (test,) = json.loads(Path(pytester.path, "out.json").read_text())["tests"]
    return dict(test)


def test_an_assert_that_fails_in_a_child_under_one_schedule_is_shown_and_replayed(pytester: pytest.Pytester) -> None:
    program = ASSERTING.format(guard="if True:", afterwards="")
    (hazard,) = run(pytester, program)["hazards"]
    assert hazard["code"] == "CH108"
    assert "AssertionError: 2 inside" in hazard["message"]
    assert [location["line"] for location in hazard["locations"] if location["action"] == "raise"] == [8]
    (again,) = run(pytester, program, "--concurrency-replay", hazard["replay"])["hazards"]
    assert again["message"] == hazard["message"]


@pytest.mark.parametrize(
    ("guard", "afterwards"),
    [("with slots:", ""), ("if True:", "assert {process.exitcode for process in processes} <= {0, 1}")],
    ids=["mended", "looked at"],
)
def test_a_death_that_cannot_be_or_is_seen_is_no_hazard(pytester: pytest.Pytester, guard: str, afterwards: str) -> None:
    assert run(pytester, ASSERTING.format(guard=guard, afterwards=afterwards))["hazards"] == []


def test_a_deadlock_names_the_child_that_died_before(pytester: pytest.Pytester) -> None:
    (hazard,) = run(pytester, WAITING)["hazards"]
    assert hazard["code"] in ("CH104", "CH409")  # in real time it may strike before any schedule is explored
    assert "died of LookupError: nothing is known yet at test_it.py:5" in hazard["message"]
