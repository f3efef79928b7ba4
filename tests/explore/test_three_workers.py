"""What takes three workers and two preemptions is found within 20 schedules, in whatever order they were started."""

from __future__ import annotations

import json

import pytest

TESTS = """
import itertools

import pytest

ORDERS = list(itertools.permutations(range(3)))


class Ledger:
    def __init__(self):
        self.phase, self.alarm = "closed", False

    def open_books(self):
        self.phase = "open"
        self.phase = "closed"

    def close_books(self):
        if self.phase == "open":
            self.phase = "closing"
            self.phase = "closed"

    def audit(self):
        if self.phase == "closing":
            self.alarm = True


class Relay:
    def __init__(self):
        self.first = self.second = self.through = False

    def open_first(self):
        self.first = True
        self.first = False

    def open_second(self):
        if self.first:
            self.second = True
            self.second = False

    def pass_through(self):
        if self.second:
            self.through = True


@pytest.mark.parametrize("order", ORDERS)
def test_ledger(thread_runner, order):
    ledger = Ledger()
    workers = [ledger.open_books, ledger.close_books, ledger.audit]
    thread_runner.run(*[workers[i] for i in order])
    assert not ledger.alarm


@pytest.mark.parametrize("order", ORDERS)
def test_relay(thread_runner, order):
    relay = Relay()
    workers = [relay.open_first, relay.open_second, relay.pass_through]
    thread_runner.run(*[workers[i] for i in order])
    assert not relay.through
"""


def test_found_within_20_schedules(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(TESTS)
    result = pytester.runpytest_subprocess("--concurrency-report=json:report.json", "-p", "no:randomly")
    result.assert_outcomes(failed=12)
    tests = json.loads((pytester.path / "report.json").read_text())["tests"]
    found = [min(h["schedule"] for h in t["hazards"] if h["code"] == "CH110") for t in tests]
    assert max(found) <= 20, found
