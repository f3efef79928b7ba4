"""Annotations for GitHub Actions: the right file and line, and nothing that breaks the command."""

from __future__ import annotations

import json
from pathlib import Path

from pytest_concurrency.report.github_report import annotation

SOURCE = """
import pytest
class Total: n = 0
@pytest.mark.stress_threads
def test_lost():
    Total.n += 1
def test_effect(thread_runner):
    seen = []
    thread_runner.run(lambda: seen.append(1), lambda: seen.append(2))
    assert seen == [1, 2]
"""


def test_path_and_line_from_a_rootdir_below_the_workspace(pytester, monkeypatch):
    (pytester.path / "sub").mkdir()
    (pytester.path / "sub" / "pytest.ini").write_text("[pytest]\n")
    (pytester.path / "sub" / "test_it.py").write_text(SOURCE)
    monkeypatch.setenv("GITHUB_WORKSPACE", str(pytester.path))
    result = pytester.runpytest_subprocess("-p", "no:randomly", "sub", "--concurrency-report=github")
    lines = [line for line in result.outlines if line.startswith("::")]
    assert [line.split("::")[1] for line in lines] == [
        "error file=sub/test_it.py,line=6,title=CH101 lost update",
        "error file=sub/test_it.py,line=10,title=CH110 schedule-dependent failure",
    ]
    assert "--concurrency-replay=c1-" in lines[0]
    assert "%0AFix: " in lines[0]
    assert "%0ASeed: " in lines[0]


def test_the_same_in_a_file(pytester, monkeypatch):
    monkeypatch.delenv("GITHUB_WORKSPACE", raising=False)
    pytester.makepyfile(test_it=SOURCE)
    result = pytester.runpytest_subprocess("-p", "no:randomly", "--concurrency-report=github:notes.txt")
    result.stdout.no_fnmatch_line("::error*")
    written = (pytester.path / "notes.txt").read_text().splitlines()
    assert [line[: line.index(",title")] for line in written] == [
        "::error file=test_it.py,line=5",
        "::error file=test_it.py,line=9",
    ]


def test_what_is_expected_to_fail_is_a_notice(pytester):
    source = SOURCE.replace("@pytest.mark.stress_threads\n", "@pytest.mark.xfail\n@pytest.mark.stress_threads\n")
    pytester.makepyfile(test_it=source)
    result = pytester.runpytest_subprocess(
        "-p", "no:randomly", "--concurrency-report=github", "--concurrency-report=sarif:it.sarif"
    )
    lines = [line for line in result.outlines if line.startswith("::")]
    assert [line.partition(" ")[0] for line in lines] == ["::error", "::notice"]
    assert "test_it.py::test_lost" in lines[1]
    (run,) = json.loads((pytester.path / "it.sarif").read_text())["runs"]
    assert {found["properties"]["test"]: found["level"] for found in run["results"]} == {
        "test_it.py::test_lost": "note", "test_it.py::test_effect": "error"
    }  # fmt: skip


def test_escaping():
    hazard = {"code": "CH103", "name": "data, race: %", "severity": "warning", "message": "50%\nlost\r.",
              "fix": "Guard it.", "replay": "", "locations": [{"path": "a,b:c%.py", "line": 7}]}  # fmt: skip
    result = {"nodeid": "t.py::test_a[x:y,z]", "seed": None, "path": "t.py", "line": 3}
    line = annotation(result, hazard, Path("/root"), Path("/root"), "{} {}".format)
    assert line.startswith(
        "::warning file=a%2Cb%3Ac%25.py,line=7,title=CH103 data%2C race%3A %25::t.py::test_a[x:y,z]: "
    )
    assert "50%25%0Alost%0D.%0AFix" in line
    assert "\n" not in line
