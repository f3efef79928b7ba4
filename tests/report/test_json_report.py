"""The JSON report is a public contract: schema version 1, every key with its type."""

from __future__ import annotations

import json
import platform
import sys
from typing import Any

import pytest

from pytest_concurrency.hazards import CATALOGUE
from pytester_runs import run

SOURCE = """
import threading
import pytest
class Total: n = 0
@pytest.mark.stress_threads
def test_lost(): Total.n += 1
def test_deadlock(thread_runner):
    a, b = threading.Lock(), threading.Lock()
    def one():
        with a:
            with b: pass
    def two():
        with b:
            with a: pass
    thread_runner.run(one, two)
def test_effect(thread_runner):
    seen = []
    thread_runner.run(lambda: seen.append(1), lambda: seen.append(2))
    assert seen == [1, 2]
def test_fine(thread_runner): thread_runner.run(int, int)
@pytest.mark.stress_threads
def test_plain(): assert 0
def test_skipped(thread_runner): pytest.skip("no")
"""

TEST = {
    "nodeid": str, "runner": str, "outcome": str, "schedules": int, "exhaustive": bool, "seconds": (int, float),
    "hazards": list,
}  # fmt: skip
HAZARD = {
    "code": str, "name": str, "severity": str, "message": str, "schedule": int, "preemptions": int,
    "reachable": (bool, type(None)), "replay": str, "locations": list,
}  # fmt: skip
LOCATION = {"path": str, "line": int, "worker": str, "action": str, "target": str, "value": str}


def conforms(thing: dict[str, Any], schema: dict[str, Any]) -> None:
    for key, kind in schema.items():
        assert isinstance(thing[key], kind), (key, thing)


def test_schema(pytester):
    done = run(pytester, SOURCE)
    document = json.loads((pytester.path / "report.json").read_text())
    assert document["version"] == 1
    assert document["python"] == platform.python_version()
    assert document["gil"] is getattr(sys, "_is_gil_enabled", lambda: True)()
    assert [path.name for path in pytester.path.glob(".report.json*")] == [], "written atomically, nothing left"
    for test in document["tests"]:
        conforms(test, TEST)
        assert test["runner"] == "threads"
        for hazard in test["hazards"]:
            conforms(hazard, HAZARD)
            assert CATALOGUE[hazard["code"]].name == hazard["name"]
            assert hazard["severity"] in ("error", "warning")
            assert hazard["message"]
            assert hazard["locations"]
            for location in hazard["locations"]:
                conforms(location, LOCATION)
                assert location["path"] == "test_it.py"
                assert location["line"] > 0
    outcomes = {test["nodeid"]: (test["outcome"], [h["code"] for h in test["hazards"]]) for test in document["tests"]}
    assert outcomes == {
        "test_it.py::test_lost": ("failed", ["CH101"]),
        "test_it.py::test_deadlock": ("failed", ["CH104"]),
        "test_it.py::test_effect": ("failed", ["CH110"]),
        "test_it.py::test_fine": ("passed", []),
        "test_it.py::test_plain": ("failed", []),
    }
    lost = done.tests["test_lost"]["hazards"][0]
    assert [(p["action"], p["target"], p["worker"]) for p in lost["locations"]] == [
        ("read", "Total.n", "0"), ("write", "Total.n", "1"), ("write", "Total.n", "0")
    ]  # fmt: skip
    assert lost["preemptions"] == 1


@pytest.mark.parametrize("kind", ["json", "json:"])
def test_on_standard_output_and_without_stressed_tests(pytester, kind):
    pytester.makepyfile("def test_a(): pass")
    result = pytester.runpytest_subprocess(f"--concurrency-report={kind}", "-q")
    text = result.stdout.str()
    document = json.loads(text[text.index("{") : text.rindex("}") + 1])
    assert document["tests"] == []


def test_a_directory_that_is_missing_is_made_and_an_old_report_replaced(pytester):
    pytester.makepyfile("def test_a(thread_runner): thread_runner.run(int, int)")
    target = pytester.path / "deep" / "er" / "r.json"
    for _ in range(2):
        pytester.runpytest_subprocess(f"--concurrency-report=json:{target}", "--concurrency-schedules=2")
    assert len(json.loads(target.read_text())["tests"]) == 1
    assert [path.name for path in target.parent.iterdir()] == ["r.json"]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--concurrency-report=json:file/r.json"], "--concurrency-report: cannot write file/r.json: Not a directory."),
        (["--concurrency-report=html:folder"], "--concurrency-report: cannot write folder: Is a directory."),
        (
            ["--concurrency-baseline=file/b.json", "--concurrency-update-baseline"],
            "--concurrency-baseline: cannot ",
        ),
    ],
)
def test_a_path_that_cannot_be_written_is_refused_before_any_test_runs(pytester, arguments, said):
    pytester.makepyfile("def test_a(): open('ran', 'w').close()")
    (pytester.path / "file").write_text("")
    (pytester.path / "folder").mkdir()
    result = pytester.runpytest_subprocess(*arguments)
    assert result.ret == pytest.ExitCode.USAGE_ERROR
    assert said in result.stderr.str() + result.stdout.str()
    assert not (pytester.path / "ran").exists()
