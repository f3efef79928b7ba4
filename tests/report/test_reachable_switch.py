"""Whether the interpreter can switch where a schedule preempts: a call between two shared accesses lets it."""

from __future__ import annotations

import sys

import pytest

from pytester_runs import run

SOURCE = """
class Signal:
    def __init__(self, name):
        self.name = name
        self.receivers = []

class Names:
    def __init__(self):
        self.known = {}

    def made_in_a_call(self):
        if "key" not in self.known:
            self.known["key"] = Signal("key")
        return self.known["key"]

    def made_on_the_spot(self):
        if "key" not in self.known:
            self.known["key"] = []
        return self.known["key"]

def check(thread_runner, method):
    names = Names()
    first, second = thread_runner.run(lambda: method(names), lambda: method(names))
    assert first is second

def test_call_between(thread_runner):
    check(thread_runner, Names.made_in_a_call)

def test_nothing_between(thread_runner):
    check(thread_runner, Names.made_on_the_spot)
"""


@pytest.mark.skipif(not getattr(sys, "_is_gil_enabled", lambda: True)(), reason="threads run at any time without a GIL")
def test_private_writes_of_the_call_do_not_hide_it(pytester: pytest.Pytester) -> None:
    done = run(pytester, SOURCE)
    reachable = {
        name: {hazard["reachable"] for hazard in test["hazards"] if hazard["severity"] == "error"}
        for name, test in done.tests.items()
    }
    assert reachable == {"test_call_between": {True}, "test_nothing_between": {False}}
