"""Replay tokens and the failure database, end to end: new processes, mended code, damaged files."""

from __future__ import annotations

import json

import pytest

from pytester_runs import no_traceback_of_ours, run

LOST = """
def test_lost(thread_runner):
    state = {"n": 0}
    def add():
        value = state["n"]
        state["n"] = value + 1
    thread_runner.run(add, add)
    assert state["n"] == 2

def test_other(thread_runner):
    thread_runner.run(int, int)
"""
LOCKED = """
import threading
def test_lost(thread_runner):
    state = {"n": 0}
    lock = threading.Lock()
    def add():
        with lock:
            value = state["n"]
            state["n"] = value + 1
    thread_runner.run(add, add)
    assert state["n"] == 2
"""


def database(pytester: pytest.Pytester) -> list:
    return sorted((pytester.path / ".pytest_cache" / "d" / "concurrency").glob("*.json"))


def test_token_and_database_from_the_failure_to_the_mended_code(pytester):
    first = run(pytester, LOST)
    assert first.codes("test_lost") == ["CH101"]
    token = first.token("test_lost")
    assert f"--concurrency-replay={token}" in first.text
    for _ in range(3):
        again = run(pytester, None, f"--concurrency-replay={token}")
        again.result.assert_outcomes(failed=1, deselected=1)
        assert again.tests["test_lost"]["schedules"] == 1
        assert again.codes("test_lost") == ["CH101"]
        assert again.token("test_lost") == token
        assert "the replayed schedule fails as it did" in again.text

    (kept,) = database(pytester)
    assert json.loads(kept.read_text()) == {"nodeid": "test_it.py::test_lost", "tokens": [token]}
    assert run(pytester, LOST).tests["test_lost"]["hazards"][0]["schedule"] == 2, "the remembered one comes first"

    locked = run(pytester, LOCKED, f"--concurrency-replay={token}")
    locked.result.assert_outcomes(passed=1)
    assert "the replayed schedule no longer" in locked.text
    assert database(pytester) == [kept], "a replay decides nothing about the database"

    assert run(pytester, LOCKED).outcomes == {"test_lost": "PASSED"}
    assert database(pytester) == []


def test_schedule_that_still_applies_and_no_longer_fails(pytester):
    token = run(pytester, LOST, "-p", "no:cacheprovider").token("test_lost")
    mended = LOST.replace("value + 1", "5").replace('assert state["n"] == 2', "assert state")
    done = run(pytester, mended, f"--concurrency-replay={token}", "-p", "no:cacheprovider")
    done.result.assert_outcomes(passed=1, deselected=1)
    assert "the replayed schedule no longer fails" in done.text
    assert not (pytester.path / ".pytest_cache").exists()


def test_token_where_no_test_is_stressed(pytester):
    token = run(pytester, LOST).token("test_lost")
    done = run(pytester, "def test_lost(): pass", f"--concurrency-replay={token}")
    assert done.result.ret == pytest.ExitCode.USAGE_ERROR
    assert "none of the tests selected is stressed; name the test as the failure's" in done.text


def test_token_of_another_test_and_damaged_database(pytester):
    token = run(pytester, LOST).token("test_lost")
    other = run(pytester, None, f"--concurrency-replay={token}", "test_it.py::test_other")
    assert other.result.ret == pytest.ExitCode.USAGE_ERROR
    assert "made for another test than the stressed ones selected (test_it.py::test_other)" in other.text
    assert no_traceback_of_ours(other.text)

    (kept,) = database(pytester)
    kept.write_text("{")
    done = run(pytester, LOST)
    assert done.codes("test_lost") == ["CH101"]
    assert f"the failure database file {kept.name} was damaged and is started afresh" in done.text
    assert no_traceback_of_ours(done.text)
    assert json.loads(kept.read_text())["tokens"] == [token]
    kept.write_text(json.dumps({"tokens": ["c9-00000000-old", "nonsense", token]}))
    assert run(pytester, LOST).codes("test_lost") == ["CH101"]
    assert json.loads(kept.read_text())["tokens"] == [token], "tokens of other formats are dropped"


ORDER = """
import queue, threading
def test_runner(thread_runner):
    box, seen = queue.Queue(), []
    def put(n):
        box.put(n)
        seen.append(box.get())
    thread_runner.run(lambda: put(1), lambda: put(2), lambda: put(3))
    assert seen == sorted(seen)

def test_threads(thread_runner):
    seen = []
    threads = [threading.Thread(target=seen.append, args=(n,)) for n in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert seen == [0, 1, 2]
"""


@pytest.mark.parametrize("test", ["test_runner", "test_threads"])
def test_a_failure_by_the_order_of_the_workers_alone_is_replayed(pytester, test):
    """No preemption: the first choice is made where the main thread waits and has done nothing shared yet."""
    first = run(pytester, ORDER)
    assert first.codes(test) == ["CH110"]
    again = run(pytester, None, f"--concurrency-replay={first.token(test)}")
    assert again.codes(test) == ["CH110"]
    assert again.token(test) == first.token(test)
    assert again.tests[test]["hazards"][0]["message"] == first.tests[test]["hazards"][0]["message"]


NO_PREEMPTION = """\
import threading, time

class Poller:
    def __init__(self):
        self.running, self.threads = False, []
    def start(self):
        if not self.running:
            self.threads.append(threading.Thread(target=int))
            self.threads[-1].start()
            self.running = True

def test_started_once(thread_runner):
    poller = Poller()
    thread_runner.run(poller.start, poller.start)
    assert len(poller.threads) == 1

def test_opened_once(thread_runner):
    opened = []
    def use():
        if not opened:
            time.sleep(1)
            opened.append(1)
    thread_runner.run(use, use)
    assert len(opened) == 1
"""


@pytest.mark.parametrize("test", ["test_started_once", "test_opened_once"])
def test_a_failure_without_any_preemption_is_replayed(pytester, test):
    first = run(pytester, NO_PREEMPTION, "-k", test)
    again = run(pytester, None, "-k", test, f"--concurrency-replay={first.token(test)}")
    assert first.codes(test)[0] == again.codes(test)[0] == "CH110"
    assert "the replayed schedule fails as it did" in again.text


DUE_TOGETHER = """
import threading, time
import pytest

class Heart(threading.Thread):
    def __init__(self):
        super().__init__(daemon=True)
        self.stopped, self.closed, self.late, self.beats = threading.Event(), False, 0, []

    def run(self):
        while not self.stopped.wait(1.0):
            if self.closed:
                self.late += 1
            self.beats.append(time.monotonic())

@pytest.fixture
def heart():
    made = Heart()
    yield made
    assert made.late == 0

@pytest.mark.stress_threads(workers=0)
def test_beat(heart):
    heart.start()
    time.sleep(3.0)
    heart.stopped.set()
    heart.closed = True
    assert 2 <= len(heart.beats) <= 3
"""


def test_a_worker_that_goes_on_at_once_where_others_are_due_as_well(pytester):
    done = run(pytester, DUE_TOGETHER)
    assert done.codes("test_beat")[:1] == ["CH110"], done.text
    assert not any("run again" in note for note in done.tests["test_beat"]["notes"]), done.text
    again = run(pytester, None, f"--concurrency-replay={done.token('test_beat')}")
    assert again.codes("test_beat")[:1] == ["CH110"], again.text
