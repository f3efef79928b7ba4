"""Of a long interleaving the rows where workers meet are shown."""

from __future__ import annotations

from pytest_concurrency.report.telling import around_switches, most_telling
from pytest_concurrency.trace.outcome import Row
from pytester_runs import run

SOURCE = """
class Environment:
    def __init__(self):
        self.names = [f"k{i}" for i in range(60)]
        self.globals = dict.fromkeys(self.names, 0)

    def merged(self):
        return {key: self.globals[key] for key in self.globals}

    def add(self):
        for name in self.names:
            self.globals[name]
        self.globals["new"] = 1
        for name in self.names:
            self.globals[name]

def test_environment(thread_runner):
    environment = Environment()
    thread_runner.run(environment.merged, environment.add)
"""


def test_what_decides_is_shown(pytester):
    done = run(pytester, SOURCE)
    (hazard,) = done.tests["test_environment"]["hazards"]
    told = [(step["worker"], step["target"], step["action"]) for step in hazard["steps"]]
    assert ("1", "Environment.globals['new']", "write") in told
    assert ("0", "dict", "read") in told[: told.index(("1", "Environment.globals['new']", "write"))]
    assert len(told) < 15  # of some 120


def test_short_ones_are_shown_whole():
    rows = [row(str(n % 2), f"dict[{n}]", n) for n in range(40)]
    assert most_telling(rows, (), 40) == rows


def test_order_of_importance():
    rows = [row("0", f"dict[{n}]", n) for n in range(100)] + [row("1", "dict[7]", 100, "write")]
    rows += [row("1", "list[0]", n) for n in range(101, 200)] + [row("0", "dict[7]", 200)]
    shown = most_telling(rows, [rows[50]], 40)
    assert [r.step for r in shown if not r.action.startswith("(")] == [7, 50, 99, 100, 199, 200]
    assert [(r.worker, r.action) for r in shown if r.action.startswith("(")] == [
        ("0", "(42 more)"),
        ("0", "(48 more)"),
        ("1", "(98 more)"),
    ]


def test_no_more_than_asked_for_and_those_needed():
    rows = [row(str(n % 2), "dict[0]", n, "write") for n in range(500)]
    shown = most_telling(rows, [rows[3]], 40)
    steps = [r.step for r in shown if not r.action.startswith("(")]
    assert len(steps) == 40 and steps[0] == 3 and steps[-2:] == [498, 499]


def test_around_switches():
    rows = [row(str(n // 20 % 2), "dict[0]", n) for n in range(60)]
    shown = around_switches(rows, 2)
    assert [r.step for r in shown if r.line] == [0, 1, 18, 19, 20, 21, 38, 39, 40, 41, 58, 59]
    assert [(r.worker, r.action) for r in shown if not r.line] == [
        ("0", "(16 more)"),
        ("1", "(16 more)"),
        ("0", "(16 more)"),
    ]
    assert around_switches([], 2) == []


def row(worker, target, step, action="read"):
    return Row(worker, "x.py", 1, action, target, "", "", step, (1, target.partition("[")[0]))
