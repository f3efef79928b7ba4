"""Two locks of one name are told apart: in the message, the lanes, and the graphs of a deadlock alike."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from pytest_concurrency.report.lanes import lanes
from pytest_concurrency.trace.outcome import Row
from pytester_runs import run

SOURCE = """
import threading

class Account:
    def __init__(self):
        self.lock = threading.Lock()
    def send(self, other):
        with self.lock:
            with other.lock:
                pass

def both(first, second):
    with first:
        with second:
            pass

def test_two(thread_runner):
    a, b = Account(), Account()
    thread_runner.run(lambda: a.send(b), lambda: b.send(a))

def test_three(thread_runner):
    a, b, c = Account(), Account(), Account()
    thread_runner.run(lambda: a.send(b), lambda: b.send(c), lambda: c.send(a))

def test_arguments(thread_runner):
    a, b = threading.Lock(), threading.Lock()
    thread_runner.run(lambda: both(a, b), lambda: both(b, a))

def test_kept(thread_runner):
    a, b = Account(), Account()
    def keep():
        with b.lock:
            a.lock.acquire()
    thread_runner.run(keep, lambda: b.send(a))
"""


@pytest.fixture
def done(pytester, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    return run(pytester, SOURCE)


def named(texts):
    """Return who waits for, or takes, which lock, in order."""
    return [re.findall(r"(?:lock|first|second) #\d", text) for text in texts]


def test_the_message_the_lanes_and_the_graphs_agree(done):
    def told(name):
        (hazard,) = done.tests[name]["hazards"]
        lanes = [f"{step['action']} {step['target']}" for step in hazard["steps"]]
        return hazard, lanes

    hazard, lanes = told("test_two")
    assert "worker 0 waits at test_it.py:8 for lock #2 held by worker 1" in hazard["message"]
    assert "worker 1 waits at test_it.py:8 for lock #1 held by worker 0" in hazard["message"]
    assert lanes == ["acquire lock #1", "acquire lock #2", "wait for lock #1", "wait for lock #2"]
    assert all(lane in hazard["detail"] for lane in lanes)
    assert {wait["worker"]: wait["target"] for wait in hazard["waits"] if wait["holder"]} == {
        "0": "lock #2", "1": "lock #1"
    }  # fmt: skip
    assert {(edge["held"], edge["wanted"]) for edge in hazard["lock_order"]} == {
        ("lock #1", "lock #2"), ("lock #2", "lock #1")
    }  # fmt: skip

    hazard, lanes = told("test_three")
    assert lanes[:3] == ["acquire lock #1", "acquire lock #2", "acquire lock #3"]
    assert named([hazard["message"]]) == [["lock #2", "lock #3", "lock #1"]]

    hazard, lanes = told("test_arguments")
    assert named(lanes) == [["first #1"], ["first #2"], ["second #1"], ["second #2"]]
    assert named([hazard["message"]]) == [["second #2", "second #1"]]

    hazard, lanes = told("test_kept")
    assert "waits at test_it.py:8 for lock #1 held by worker 0" in hazard["message"]
    assert "kept lock #1, which it took at test_it.py:32" in hazard["message"]
    assert lanes[:3] == ["acquire lock #2", "acquire lock #1", "release lock #2"]


def test_it_is_the_same_hazard_as_before(done, pytester):
    """Numbers are no part of what identifies a hazard."""
    first = done.tests["test_two"]["hazards"][0]["fingerprint"]
    swapped = SOURCE.replace("lambda: a.send(b), lambda: b.send(a))", "lambda: b.send(a), lambda: a.send(b))")
    assert run(pytester, swapped).tests["test_two"]["hazards"][0]["fingerprint"] == first


PROCESSES = """
import multiprocessing
class Account:
    def __init__(self):
        self.lock = multiprocessing.Lock()
    def send(self, other):
        with self.lock:
            with other.lock:
                pass
def test_two(process_runner):
    a, b = Account(), Account()
    process_runner.run(lambda: a.send(b), lambda: b.send(a))
"""


def test_processes(pytester):
    (hazard,) = run(pytester, PROCESSES).tests["test_two"]["hazards"]
    assert "for the lock other.lock #2 held by worker 1" in hazard["message"]
    assert [f"{step['action']} {step['target']}" for step in hazard["steps"]] == [
        "acquire self.lock #1", "acquire self.lock #2", "wait for other.lock #2", "wait for other.lock #1"
    ]  # fmt: skip


def test_a_narrow_lane_keeps_the_number(tmp_path: Path) -> None:
    rows = [Row(str(n), "f.py", 1, "acquire", f"the_left_fork #{n}", "", f"s{n}", n, (n, "lock")) for n in range(3)]
    drawn = "\n".join(lanes(rows, tmp_path, columns=60))
    assert all(f".. #{n} " in drawn for n in range(3))
