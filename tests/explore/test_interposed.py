"""The second schedule lets workers come in between each other wherever it may matter, and finds most single races."""

from __future__ import annotations

from types import SimpleNamespace

import pytest

from pytest_concurrency.strategies.base import NEVER
from pytest_concurrency.strategies.interpose import STEPS, Interpose, Race
from pytester_runs import run

DEPOT = """
import threading
import pytest

class Depot:
    def __init__(self):
        self.lock = threading.Lock()
        self.made = {}
        self.seen = []
        self.numbers = [0] * 10

    def step(self, number, guarded):
        if guarded:
            with self.lock:
                self._step(number)
        else:
            self._step(number)

    def _step(self, number):
        old = self.numbers[number]
        self.numbers[number] = old + 1

    def work(self, unguarded):
        for number in range(10):
            self.step(number, number != unguarded)

@pytest.mark.parametrize("unguarded", [0, 4, 9])
def test_one_of_ten(thread_runner, unguarded):
    depot = Depot()
    thread_runner.run(lambda: depot.work(unguarded), lambda: depot.work(unguarded))
    assert depot.numbers == [2] * 10

def test_all_guarded(thread_runner):
    depot = Depot()
    thread_runner.run(lambda: depot.work(None), lambda: depot.work(None))
    assert depot.numbers == [2] * 10

class Door:
    def __init__(self):
        self.first = self.second = self.through = False

    def open(self):
        self.first = True
        self.first = False

    def open_next(self):
        if self.first:
            self.second = True
            self.second = False

    def walk(self):
        if self.second:
            self.through = True

def test_third_worker(thread_runner):
    door = Door()
    thread_runner.run(door.open, door.open_next, door.walk)
    assert not door.through

@pytest.mark.stress_threads(workers=0)
def test_own_threads():
    box = {"n": 0}
    def add():
        box["n"] += 1
    threads = [threading.Thread(target=add) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert box["n"] == 3

def test_opposite_locks(thread_runner):
    a, b = threading.Lock(), threading.Lock()
    def one():
        with a:
            with b:
                pass
    def other():
        with b:
            with a:
                pass
    thread_runner.run(one, other)

def test_missed(thread_runner):
    condition, full = threading.Condition(), []
    def deliver():
        with condition:
            full.append(1)
            condition.notify()
    def fetch():
        if not full:
            with condition:
                condition.wait()
    thread_runner.run(deliver, fetch)

def test_late(thread_runner):
    import time
    from types import SimpleNamespace
    event, answer = threading.Event(), SimpleNamespace(value="nothing")
    def give():
        time.sleep(0.1)
        answer.value = "answer"
        event.set()
    def ask():
        if not event.wait(timeout=0.1):
            answer.value = "default"
    thread_runner.run(give, ask)
    assert answer.value == "answer"

def test_one_object_for_all(thread_runner):
    cache, seen = {}, []
    def get():
        if "key" not in cache:
            cache["key"] = object()
        seen.append(cache["key"])
    thread_runner.run(get, get)
    assert seen[0] is seen[1]

class Lazy:
    def __init__(self):
        self.instance, self.made = None, 0

    def make(self):
        self.made += 1
        self.instance = object()

    def get(self):
        if self.instance is None:
            self.make()

def test_work_that_the_first_has_done(thread_runner):
    import functools
    lazy = Lazy()
    thread_runner.run(functools.partial(Lazy.get, lazy), functools.partial(Lazy.get, lazy))
    assert lazy.made == 1

class Timer:
    def __init__(self):
        self.value, self.sent = None, False

    def measure(self):
        self.value = None
        self.sent = False
        self.value = 1
        assert not self.sent
        self.sent = True

def test_reset_by_each(thread_runner):
    timer = Timer()
    thread_runner.run(timer.measure, timer.measure)

def test_changed_and_changed_back(thread_runner):
    names = {"a", "b"}
    def read():
        for name in names:
            str(name)
    def use():
        names.add("c")
        names.remove("c")
    thread_runner.run(read, use)
"""

SCHEDULES = {
    "test_missed": 3,  # the worker that was made last has to go first
    "test_changed_and_changed_back": 4,  # whoever comes in may only do one thing
}


@pytest.fixture
def found(pytester: pytest.Pytester) -> dict[str, set[int]]:
    done = run(pytester, DEPOT, "--tb=no")
    return {name: {hazard["schedule"] for hazard in test["hazards"]} for name, test in done.tests.items()}


def test_each_is_found_at_once(found: dict[str, set[int]]) -> None:
    assert found.pop("test_all_guarded") == set()
    first = {name: min(schedules, default=None) for name, schedules in found.items()}
    assert first == {name: SCHEDULES.get(name, 2) for name in found}


def _worker(path: str, key: str) -> SimpleNamespace:
    site = SimpleNamespace(key=key, group=1, acquires=False)
    return SimpleNamespace(
        path=path, site=site, loc=1, key=1, write=True, done=False, timed_out=False, wait=None, occurrence=1, parks=0
    )


def test_a_long_run_is_left_alone_in_the_end() -> None:
    race = Race(1, True, frozenset({1}))
    strategy = Interpose({"0": {"a": race}, "1": {"b": race}}, frozenset("ab"))
    strategy.begin(1)
    workers = [_worker("0", "a"), _worker("1", "b")]
    current = workers[0]
    for step in range(STEPS + 2):
        if strategy.quiet_until(step) == NEVER:
            break
        current = strategy.pick(workers, current, step)
    assert strategy.quiet_until(STEPS + 2) == NEVER
    assert strategy.pick(workers, workers[1], STEPS + 3) is workers[1]
