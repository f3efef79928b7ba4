"""The SARIF report: valid by the public schema, with the interleaving as thread flows and paths below the rootdir."""

from __future__ import annotations

import json
import re
from pathlib import Path
from urllib.parse import unquote, urlparse

import pytest

from pytest_concurrency.hazards import CATALOGUE
from pytest_concurrency.report import sarif_report
from pytester_runs import run

SCHEMA = Path(__file__).parent / "sarif-schema-2.1.0.json"
"""The schema that OASIS publishes with the standard."""

SOURCE = """
import threading
import pytest
from pkg import things
class Total: n = 0
@pytest.mark.stress_threads
def test_lost():
    Total.n += 1
def test_deadlock(thread_runner):
    a, b = threading.Lock(), threading.Lock()
    def one():
        with a:
            with b: pass
    def two():
        with b:
            with a: pass
    thread_runner.run(one, two)
def test_helper(thread_runner):
    thing = things.Thing()
    thread_runner.run(thing.book, thing.book)
    assert thing.booked == 1
def test_fine(thread_runner): thread_runner.run(int, int)
@pytest.mark.stress_processes(workers=2)
def test_processes():
    assert False, "100% wrong: a, b"
"""
THINGS = """
class Thing:
    def __init__(self):
        self.free = True
        self.booked = 0
        self.log = []
    def book(self):
        if self.free:
            self.free = False
            self.log.append(1)
            self.booked = len(self.log)
"""


def violations(document):
    jsonschema = pytest.importorskip("jsonschema", reason="jsonschema is not installed: the schema was not checked")
    validator = jsonschema.Draft4Validator(json.loads(SCHEMA.read_text(encoding="utf-8")))
    return [f"{list(error.absolute_path)}: {error.message}" for error in validator.iter_errors(document)]


def test_a_run_with_several_hazards(pytester):
    pytester.mkpydir("pkg").joinpath("things.py").write_text(THINGS)
    done = run(pytester, SOURCE, f"--concurrency-report=sarif:{pytester.path / 'r.sarif'}")
    document = json.loads((pytester.path / "r.sarif").read_text())
    (log,) = document["runs"]
    assert [rule["id"] for rule in log["tool"]["driver"]["rules"]] == list(CATALOGUE)
    assert all(
        hazard.fix in log["tool"]["driver"]["rules"][n]["help"]["text"] for n, hazard in enumerate(CATALOGUE.values())
    )
    by_rule = {result["ruleId"]: result for result in log["results"]}
    assert {"CH101", "CH104", "CH110"} <= set(by_rule)
    base = unquote(urlparse(log["originalUriBaseIds"]["%SRCROOT%"]["uri"]).path)
    for result in log["results"]:
        rule = log["tool"]["driver"]["rules"][result["ruleIndex"]]
        assert rule["id"] == result["ruleId"]
        artifact = result["locations"][0]["physicalLocation"]["artifactLocation"]
        assert artifact["uriBaseId"] == "%SRCROOT%"
        assert (Path(base) / artifact["uri"]).is_file()
        assert len(result["partialFingerprints"]["concurrencyHazard/v1"]) == 16
        assert "suppressions" not in result
        assert "baselineState" not in result

    lost = by_rule["CH101"]
    assert lost["level"] == "error"
    assert lost["locations"][0]["physicalLocation"]["region"]["startLine"] == 7
    assert lost["properties"]["replay"] == done.token("test_lost")
    assert lost["properties"]["seed"] == done.tests["test_lost"]["seed"]
    flows = lost["codeFlows"][0]["threadFlows"]
    assert [flow["id"] for flow in flows] == ["worker 0", "worker 1"]
    rows = sorted(
        (place["executionOrder"], flow["id"], re.sub(r"\d+$", "N", place["location"]["message"]["text"]))
        for flow in flows
        for place in flow["locations"]
    )
    assert rows == [
        (1, "worker 0", "worker 0: Total.n -> N"),
        (2, "worker 1", "worker 1: Total.n -> N"),
        (3, "worker 1", "worker 1: Total.n = N"),
        (4, "worker 0", "worker 0: Total.n = N"),
    ]
    assert flows[0]["locations"][0]["location"]["physicalLocation"]["region"]["snippet"]["text"] == "Total.n += 1"
    helper = [
        place["location"]["physicalLocation"]["artifactLocation"]["uri"]
        for flow in by_rule["CH110"]["codeFlows"][0]["threadFlows"]
        for place in flow["locations"]
    ]
    assert "pkg/things.py" in helper
    assert violations(document) == []


def test_what_a_validator_would_stumble_over():
    """A path with a blank and an umlaut, one outside the rootdir, no line, no place at all, a known hazard."""
    place = {"path": "a b/ü.py", "line": 3, "worker": "main", "action": "write", "target": "x", "value": "1"}
    step = {**place, "source": "x = 1", "decides": True}
    hazard = {
        "code": "CH103", "severity": "warning", "message": "Racing.", "schedule": 0, "preemptions": 0,
        "reachable": None, "replay": "", "fingerprint": "0123456789abcdef", "known": True,
        "locations": [{**place, "path": "/usr/lib/x.py", "line": 1}, place, {**place, "line": 0}],
        "steps": [step, {**step, "worker": "0.1", "path": "", "line": 0, "action": "acquire"}],
    }  # fmt: skip
    bare = {**hazard, "code": "CH401", "locations": [], "steps": [], "known": False, "fingerprint": ""}
    result = {"nodeid": "t.py::test_a", "runner": "threads", "seed": None, "notes": ["cut short"],
              "hazards": [hazard, bare]}  # fmt: skip
    document = sarif_report.document([result], Path("/some where"), baseline=True)
    assert violations(document) == []
    first, second = document["runs"][0]["results"]
    assert first["locations"][0]["physicalLocation"]["artifactLocation"] == {
        "uri": "a%20b/%C3%BC.py", "uriBaseId": "%SRCROOT%"
    }  # fmt: skip
    assert first["baselineState"] == "unchanged"
    assert first["suppressions"][0]["kind"] == "external"
    assert second["baselineState"] == "new"
    assert second["locations"][0]["physicalLocation"]["artifactLocation"]["uri"] == "t.py"
    assert document["runs"][0]["invocations"][0]["toolExecutionNotifications"][0]["message"]["text"].endswith("short")
    assert violations(sarif_report.document([], Path("/root"))) == []
