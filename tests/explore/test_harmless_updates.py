"""An update whose loss changes nothing is no lost update; one that depends on the order is."""

from __future__ import annotations

import json

import pytest

from pytester_runs import run

PROGRAM = """
import enum

class State(enum.Flag):
    OPEN = 1
    FULL = 2

class Board:
    def __init__(self):
        self.top = 0
        self.flags = 0
        self.state = State(0)
        self.name = " ada "

    def offer(self, score):
        self.top = max(self.top, score)

    def mark(self):
        self.flags = self.flags | 1

    def tidy(self):
        self.name = self.name.strip()


    def close(self):
        self.state |= State.FULL

    def open(self):
        self.state |= State.OPEN


def test_same_member(thread_runner):
    board = Board()
    thread_runner.run(board.close, board.close)


def test_other_member(thread_runner):
    board = Board()
    thread_runner.run(board.close, board.open)


def test_same_flag(thread_runner):
    board = Board()
    thread_runner.run(board.mark, board.mark)


def test_same_text(thread_runner):
    board = Board()
    thread_runner.run(board.tidy, board.tidy, board.tidy)


def test_smaller_first(thread_runner):
    board = Board()
    thread_runner.run(lambda: board.offer(3), lambda: board.offer(10))


def test_larger_first(thread_runner):
    board = Board()
    thread_runner.run(lambda: board.offer(10), lambda: board.offer(3))
"""


@pytest.fixture
def found(pytester):
    pytester.makepyfile(PROGRAM)
    report = pytester.path / "report.json"
    pytester.runpytest_subprocess("-p", "no:randomly", "-p", "no:cacheprovider", f"--concurrency-report=json:{report}")
    tests = json.loads(report.read_text())["tests"]
    return {test["nodeid"].partition("::")[2]: [h["code"] for h in test["hazards"]] for test in tests}


def test_only_what_is_lost_is_reported(found):
    assert found == {
        "test_same_member": [],
        "test_other_member": ["CH101"],
        "test_same_flag": [],
        "test_same_text": [],
        "test_smaller_first": ["CH101"],
        "test_larger_first": ["CH101"],
    }


RESTORED = """
import pytest

class Settings:
    digits = 2

def show(settings, digits, done):
    before = settings.digits
    settings.digits = digits
    try:
        done.append(digits)
    finally:
        settings.digits = before

class Gate:
    def __init__(self):
        self.open = False

def outer(settings, gate):
    before = settings.digits
    settings.digits = 3
    gate.open = True
    while gate.open:
        pass
    settings.digits = before

def inner(settings, gate):
    while not gate.open:
        pass
    show(settings, 4, [])
    gate.open = False

def test_nested(thread_runner):
    settings, gate = Settings(), Gate()
    settings.digits = 2
    thread_runner.run(lambda: outer(settings, gate), lambda: inner(settings, gate))
    assert settings.digits == 2

def test_crossed(thread_runner):
    settings = Settings()
    settings.digits = 2
    done = []
    thread_runner.run(lambda: show(settings, 3, done), lambda: show(settings, 4, done))
"""


def test_what_others_have_put_back_was_not_lost(pytester):
    done = run(pytester, RESTORED)
    assert done.codes("test_nested") == [], done.text
    assert done.codes("test_crossed") == ["CH101"]


LONG = """
class Document:
    def __init__(self, text):
        self.text = text
    def clean(self):
        text = self.text
        {wait}
        self.text = text.rstrip()
    def add(self, more):
        text = self.text
        {wait}
        self.text = text + more

def test_clean({runner}):
    document = Document("x" * 60 + "  ")
    {runner}.run(document.clean, document.clean)

def test_add({runner}):
    document = Document("x" * 60)
    {runner}.run(lambda: document.add("a"), lambda: document.add("b"))
"""


@pytest.mark.parametrize("runner, wait", [("thread_runner", "pass"), ("greenlet_runner", "import time; time.sleep(0)")])
def test_values_that_are_shown_cut_are_compared_whole(pytester: pytest.Pytester, runner: str, wait: str) -> None:
    if runner == "greenlet_runner":
        pytest.importorskip("gevent")
    pytester.makepyfile(LONG.format(runner=runner, wait=wait))
    pytester.runpytest_subprocess("-p", "no:randomly", "--concurrency-report=json:report.json")
    tests = json.loads((pytester.path / "report.json").read_text(encoding="utf-8"))["tests"]
    assert [[hazard["code"] for hazard in test["hazards"]] for test in tests] == [[], ["CH101"]]
