"""CH101 between processes: found without a lock, silent with one."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

pytest_plugins = ["pytester"]

HEAD = """
import multiprocessing, pytest
ctx = multiprocessing.get_context("fork")
@pytest.fixture
def value(): return ctx.Value("i", 0)
def bump(value):
    for _ in range(3):
        {update}
"""
UNLOCKED = "value.value += 1"
LOCKED = "with value.get_lock(): value.value += 1"
MARKER = """
@pytest.mark.stress_processes(workers={workers}, start_method="fork", repeats=5)
def test_it(value): bump(value)
"""
FIXTURE = """
def test_it(process_runner, value):
    process_runner.run(lambda: bump(value), workers={workers})
"""
OWN = """
@pytest.mark.stress_processes(workers=0, repeats=5)
def test_it(value):
    ps = [ctx.Process(target=bump, args=(value,)) for _ in range({workers})]
    for p in ps: p.start()
    for p in ps: p.join()
"""


def run(pytester: pytest.Pytester, program: str) -> dict[str, Any]:
    pytester.makepyfile(test_it=program)
    pytester.makeini("[pytest]\nconcurrency_start_method = fork")
    pytester.runpytest_subprocess(
        "-p", "no:randomly", "--concurrency-schedules", "20", "--concurrency-report", "json:out.json"
    )
    test: dict[str, Any] = json.loads(Path(pytester.path, "out.json").read_text())["tests"][0]
    return test


@pytest.mark.parametrize(
    ("program", "workers"),
    [(MARKER, 2), (MARKER, 4), (FIXTURE, 2), (OWN, 4)],
    ids=["marker-2", "marker-4", "fixture-2", "own-4"],
)
def test_an_unlocked_value_loses_updates(pytester: pytest.Pytester, program: str, workers: int) -> None:
    test = run(pytester, HEAD.format(update=UNLOCKED) + program.format(workers=workers))
    (found,) = [hazard for hazard in test["hazards"] if hazard["code"] == "CH101"]
    assert test["outcome"] == "failed"
    read, *_, write = found["locations"]
    assert (read["target"], read["action"], write["action"]) == ("value.value", "read", "write")
    assert int(write["value"]) == int(read["value"]) + 1
    assert read["line"] == write["line"]


@pytest.mark.parametrize("program", [MARKER, FIXTURE, OWN], ids=["marker", "fixture", "own"])
def test_a_locked_value_loses_none(pytester: pytest.Pytester, program: str) -> None:
    test = run(pytester, HEAD.format(update=LOCKED) + program.format(workers=3))
    assert test["hazards"] == []
    assert test["outcome"] == "passed"


@pytest.mark.parametrize("kind", ["Array('i', 1)", "Manager().list([0])", "Manager().dict({0: 0})"])
def test_arrays_and_proxies(pytester: pytest.Pytester, kind: str) -> None:
    program = HEAD.format(update="value[0] = value[0] + 1") + MARKER.format(workers=2)
    if "Manager" in kind:
        made = f"m = ctx.Manager(); yield m.{kind.split('.', 1)[1]}"
    else:
        made = f"return ctx.{kind}"
    program = program.replace('return ctx.Value("i", 0)', made)
    assert [hazard["code"] for hazard in run(pytester, program)["hazards"]] == ["CH101"]


SPAWNED = """
import ctypes, multiprocessing, pytest
ctx = multiprocessing.get_context("spawn")
class Point(ctypes.Structure): _fields_ = [("x", ctypes.c_int), ("y", ctypes.c_int)]
def bump(shared, lock, other):
    for _ in range(20):
        with lock:
            {update}
@pytest.fixture
def manager():
    with ctx.Manager() as started: yield started
@pytest.mark.stress_processes(workers=0, repeats=5)  # real time decides whether one of them meets the other
def test_it(manager):
    shared, lock = {made}, ctx.Lock()
    other = ctx.Lock() if {unlocked} else lock
    ps = [ctx.Process(target=bump, args=(shared, lock, i)) for i, lock in enumerate([lock, other])]
    for p in ps: p.start()
    for p in ps: p.join()
"""
MADE = {
    "value without a lock": ("ctx.Value('i', 0, lock=False)", "shared.value += 1"),
    "raw value": ("ctx.RawValue('d', 0)", "shared.value += 1"),
    "array without a lock": ("ctx.Array('i', 2, lock=False)", "shared[1] += 1"),
    "raw array": ("ctx.RawArray('i', 2)", "shared[0] = shared[0] + 1"),
    "field": ("ctx.Value(Point, lock=False)", "shared.x += 1"),
    "field with a lock": ("ctx.Value(Point)", "shared.y += 1"),
    "namespace": ("manager.Namespace(n=0)", "shared.n += 1"),
}


@pytest.mark.parametrize(
    ("kind", "unlocked"), [*((kind, True) for kind in MADE), ("raw array", False), ("field", False)]
)
def test_all_that_can_be_shared_in_processes_that_are_only_watched(
    pytester: pytest.Pytester, kind: str, unlocked: bool
) -> None:
    made, update = MADE[kind]
    test = run(pytester, SPAWNED.format(made=made, update=update, unlocked=unlocked))
    assert [hazard["code"] for hazard in test["hazards"]] == ["CH101"] * unlocked
    assert test["outcome"] == ("failed" if unlocked else "passed")


@pytest.mark.parametrize("update", ["shared[other] += 1", "shared[2 * other : 2 * other + 2] = [7, 7]"])
def test_items_of_their_own_lose_nothing(pytester: pytest.Pytester, update: str) -> None:
    assert run(pytester, SPAWNED.format(made="ctx.RawArray('i', 4)", update=update, unlocked=True))["hazards"] == []
