"""``explore_timeouts``: whether a timed wait ends is a choice of the schedule, which is shown and replayed."""

from __future__ import annotations

import json
from typing import Any

import pytest

from pytest_concurrency.runtime.clock import VirtualClock
from pytest_concurrency.runtime.timeouts import LIMIT, EarlyTimeouts
from pytest_concurrency.runtime.waits import SleepWait
from pytest_concurrency.runtime.worker import Worker

TESTS = """
import queue, threading, time
from concurrent.futures import Future
import pytest

def test_lock(thread_runner):
    lock, inside = threading.Lock(), []
    def hold():
        with lock:
            inside.append(1)
            inside.append(2)
    def take():
        assert lock.acquire(timeout=1)
        lock.release()
    thread_runner.run(hold, take)

def test_event(thread_runner):
    event = threading.Event()
    def wait():
        begun = time.monotonic()
        if not event.wait(2):
            assert time.monotonic() - begun >= 2, "no time has passed"
            raise TimeoutError
    thread_runner.run(wait, event.set)

def test_condition(thread_runner):
    condition, items = threading.Condition(), []
    def wait():
        with condition:
            assert condition.wait_for(lambda: items, timeout=3)
    def notify():
        with condition:
            items.append(1)
            condition.notify()
    thread_runner.run(wait, notify)

def test_queue(thread_runner):
    box = queue.Queue()
    thread_runner.run(lambda: box.get(timeout=3), lambda: box.put(1))

def test_simple_queue(thread_runner):
    box = queue.SimpleQueue()
    thread_runner.run(lambda: box.get(timeout=3), lambda: box.put(1))

@pytest.mark.stress_threads(workers=0)
def test_join():
    done = []
    thread = threading.Thread(target=lambda: done.append(1))
    thread.start()
    thread.join(1)
    assert done

def test_future(thread_runner):
    future = Future()
    thread_runner.run(lambda: future.result(timeout=1), lambda: future.set_result(1))

def test_sleep(thread_runner):
    done = []
    def later():
        time.sleep(1)
        assert done
    thread_runner.run(later, lambda: done.append(1))
"""
RIGHT = """
import queue, threading, time

def test_tries_again(thread_runner):
    event = threading.Event()
    def wait():
        begun, tries = time.monotonic(), 0
        while not event.wait(0.5):
            tries += 1
            assert time.monotonic() - begun >= 0.5 * tries
    thread_runner.run(wait, event.set)

def test_polls(thread_runner):
    box, got = queue.Queue(), []
    def consume():
        while len(got) < 2:
            try:
                got.append(box.get(timeout=0.1))
            except queue.Empty:
                time.sleep(0.2)
    thread_runner.run(consume, lambda: box.put(1), lambda: box.put(2))
    assert sorted(got) == [1, 2]

def test_gives_up(thread_runner):
    lock, count = threading.Lock(), []
    def work():
        if lock.acquire(timeout=1):
            try:
                count.append(len(count))
            finally:
                lock.release()
    thread_runner.run(work, workers=2)
    assert count == list(range(len(count)))
"""


def run(pytester: pytest.Pytester, *options: str) -> dict[str, dict[str, Any]]:
    """Run the tests and return their objects in the JSON report, by name."""
    pytester.runpytest_subprocess(
        "-p", "no:randomly", "-p", "no:cacheprovider", "--concurrency-report=json:report.json", *options
    )
    tests = json.loads((pytester.path / "report.json").read_text())["tests"]
    return {test["nodeid"].partition("::")[2]: test for test in tests}


def test_waits_time_out_where_that_is_explored_and_replay(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=TESTS)
    plain = run(pytester, "--concurrency-schedules=8")
    assert {test["outcome"] for test in plain.values()} == {"passed"}
    found = run(pytester, "--concurrency-explore-timeouts", "--concurrency-max-seconds=30")
    assert len(found) == TESTS.count("def test_")
    for name, test in found.items():
        (hazard,) = [h for h in test["hazards"] if h["severity"] == "error"]
        assert (hazard["code"], test["exhaustive"]) == ("CH110", False), name
        assert any(location["action"] == "times out:" for location in hazard["locations"]) or name == "test_sleep"
        assert "no time has passed" not in hazard["message"]
        again = run(pytester, f"--concurrency-replay={hazard['replay']}") if name == "test_lock" else {}
        assert all(test["notes"] == ["the replayed schedule fails as it did"] for test in again.values())


def test_programs_that_bear_time_outs_pass(pytester: pytest.Pytester) -> None:
    pytester.makepyfile(test_it=RIGHT)
    pytester.makeini("[pytest]\nconcurrency_explore_timeouts = true")
    found = run(pytester, "--concurrency-schedules=80")
    assert {name: (test["outcome"], test["hazards"]) for name, test in found.items()} == dict.fromkeys(
        found, ("passed", [])
    )
    assert not any(test["exhaustive"] for test in found.values())


def test_a_wrong_value_is_refused(pytester: pytest.Pytester) -> None:
    marker = "@pytest.mark.stress_threads(explore_timeouts='maybe')"
    pytester.makepyfile(f"import pytest\n{marker}\ndef test_it(): pass")
    result = pytester.runpytest_subprocess()
    result.stderr.fnmatch_lines(["*test_it*stress_threads: explore_timeouts='maybe' is not True or False."])


def waiting(deadline: float) -> Worker:
    worker = Worker("0", 1, None)
    worker.wait = SleepWait(deadline)
    return worker


def test_the_clock_shows_the_deadline_at_least() -> None:
    clock = VirtualClock()
    early, worker = EarlyTimeouts(clock, None), waiting(5.0)
    assert early.candidates([worker]) == [worker]
    assert early.end(worker)
    assert clock.now == 5.0
    assert early.candidates([worker]) == []
    clock.advance_to(9.0)
    assert not early.end(worker)
    assert clock.now == 9.0


def test_a_worker_that_polls_does_not_keep_others_from_going_on() -> None:
    early, worker = EarlyTimeouts(VirtualClock(), seed=1), waiting(1.0)
    ended = 0
    for parks in range(100):
        worker.parks, worker.timed_out = parks + 1, False
        ended += bool(early.candidates([worker]) and early.end(worker))
    assert ended == LIMIT
