"""The list of real defects is complete and selectable, and a run is judged by the hazards that it names."""

import ast

import pytest
from benchmarks.real_bugs.__main__ import SCENARIOS, _judge
from benchmarks.real_bugs.registry import BUGS, Bug, select

from pytest_concurrency.hazards import CATALOGUE

BUG = Bug("demo", "demo", "1", "2", ("CH104", "CH110"))


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_each_has_a_scenario_that_names_its_version(bug):
    text = (SCENARIOS / bug.scenario).read_text(encoding="utf-8")
    assert bug.buggy in (ast.get_docstring(ast.parse(text)) or "")
    assert "include=" in text
    assert set(bug.codes) <= set(CATALOGUE)


def test_no_scenario_is_left_out():
    assert {path.name for path in SCENARIOS.glob("test_*.py")} == {bug.scenario for bug in BUGS}


def test_select():
    assert select([]) == BUGS
    assert [bug.name for bug in select(["redis", "pykka"])] == ["redis", "pykka"]
    with pytest.raises(ValueError, match="no such defect: reddis; there are cachetools"):
        select(["reddis"])


def _hazard(code, schedule, severity="error"):
    return {"code": code, "schedule": schedule, "severity": severity, "message": "text"}


def test_the_first_error_of_the_right_kind_counts():
    hazards = [_hazard("CH101", 2), _hazard("CH110", 9), _hazard("CH104", 7), _hazard("CH110", 1, "warning")]
    verdict = _judge(BUG, {"hazards": hazards, "schedules": 9, "seconds": 0.5, "outcome": "failed"}, "")
    assert (verdict.code, verdict.schedule, verdict.schedules) == ("CH104", 7, 9)


def test_an_ordinary_failure_is_reported_and_is_no_find():
    verdict = _judge(BUG, {"hazards": [], "schedules": 1, "seconds": 0.5, "outcome": "failed"}, "the output")
    assert verdict.code is None
    assert "the output" in verdict.reported
