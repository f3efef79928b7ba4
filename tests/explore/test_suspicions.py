"""Warnings of what no schedule showed, and silence about what is right."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

HEAD = """
import queue, threading, time
from concurrent.futures import ThreadPoolExecutor
import pytest

A, B = threading.Lock(), threading.Lock()

def forwards():
    with A:
        with B:
            pass

def backwards():
    with B:
        with A:
            pass

"""


def _hazards(pytester: pytest.Pytester, body: str, *options: str) -> dict[str, list[dict[str, Any]]]:
    path = pytester.makepyfile(HEAD + body)
    done = pytester.runpytest_subprocess(
        "-p", "no:randomly", "--concurrency-report=json:report.json", "--concurrency-schedules=20", *options
    )
    assert done.ret == 0, done.stdout.str()
    tests = json.loads(Path(path.parent, "report.json").read_text(encoding="utf-8"))["tests"]
    return {test["nodeid"].rpartition("::")[2]: test["hazards"] for test in tests}


def test_what_the_budget_left_untried_is_a_warning(pytester: pytest.Pytester) -> None:
    found = _hazards(
        pytester,
        """
def test_locks(thread_runner):
    thread_runner.run(forwards, backwards)

def test_update(thread_runner):
    counter = [0]
    def add():
        counter[0] += 1
    thread_runner.run(add, add)

def test_loop(thread_runner):
    names = ["a", "b", "c"]
    def greet():
        for name in names:
            str(name)
    thread_runner.run(greet, lambda: names.remove("a"))
""",
        "--concurrency-schedules=2",
    )
    (locks,), (update,), (loop,) = found["test_locks"], found["test_update"], found["test_loop"]
    assert (locks["code"], locks["severity"], locks["reachable"]) == ("CH105", "warning", None)
    assert [(at["line"], at["target"]) for at in locks["locations"]] == [(8, "A"), (9, "B"), (13, "B"), (14, "A")]
    assert update["code"] == "CH103"
    assert {at["line"] for at in update["locations"]} == {24}
    assert loop["code"] == "CH103"
    assert [at["line"] for at in loop["locations"]] == [30, 32]


def test_opposite_orders_that_cannot_meet_are_silent(pytester: pytest.Pytester) -> None:
    found = _hazards(
        pytester,
        """
def test_event(thread_runner):
    done = threading.Event()
    thread_runner.run(lambda: (forwards(), done.set()), lambda: (done.wait(), backwards()))

def test_queue(thread_runner):
    box = queue.Queue()
    thread_runner.run(lambda: (forwards(), box.put(1)), lambda: (box.get(), backwards()))

def test_simple_queue(thread_runner):
    box = queue.SimpleQueue()
    thread_runner.run(lambda: (forwards(), box.put(1)), lambda: (box.get(), backwards()))

def test_condition(thread_runner):
    condition, ready = threading.Condition(), []
    def first():
        forwards()
        with condition:
            ready.append(1)
            condition.notify()
    def second():
        with condition:
            while not ready:
                condition.wait()
        backwards()
    thread_runner.run(first, second)

def test_barrier(thread_runner):
    barrier = threading.Barrier(2)
    thread_runner.run(lambda: (forwards(), barrier.wait()), lambda: (barrier.wait(), backwards()))

def test_join(thread_runner):
    def second():
        thread = threading.Thread(target=forwards)
        thread.start()
        thread.join()
        backwards()
    thread_runner.run(second, lambda: None)

def test_future(thread_runner):
    def main():
        with ThreadPoolExecutor(2) as pool:
            pool.submit(forwards).result()
            pool.submit(backwards).result()
    thread_runner.run(main, lambda: None)

def test_gate(thread_runner):
    gate = threading.Lock()
    def through(work):
        with gate:
            work()
    thread_runner.run(lambda: through(forwards), lambda: through(backwards))

def test_admission(thread_runner):
    places = threading.Semaphore(1)
    def enter(work):
        with places:
            work()
    thread_runner.run(lambda: enter(forwards), lambda: enter(backwards))

def test_flag(thread_runner):
    flag = [False]
    def first():
        forwards()
        flag[0] = True
    def second():
        while not flag[0]:
            time.sleep(0.01)
        backwards()
    thread_runner.run(first, second)

def test_state_under_a_lock(thread_runner):
    guard, done = threading.Lock(), []
    def first():
        forwards()
        with guard:
            done.append(1)
    def second():
        with guard:
            late = bool(done)
        if late:
            backwards()
    thread_runner.run(first, second)

def test_timed(thread_runner):
    def first():
        with A:
            if B.acquire(timeout=1):
                B.release()
    thread_runner.run(first, backwards)
""",
    )
    assert len(found) == 12
    assert {name: hazards for name, hazards in found.items() if hazards} == {}


def test_benign_races_are_silent_however_small_the_budget(pytester: pytest.Pytester) -> None:
    found = _hazards(
        pytester,
        """
class Box:
    value = None
    stop = False

def test_stop_flag(thread_runner):
    box = Box()
    def work():
        while not box.stop:
            time.sleep(0.01)
    def stop():
        box.stop = True
    thread_runner.run(work, stop)

def test_lazy(thread_runner):
    box = Box()
    def get():
        if box.value is None:
            box.value = 42
        return box.value
    assert thread_runner.run(get, get) == [42, 42]

def test_double_checked(thread_runner):
    box, lock = Box(), threading.Lock()
    def get():
        if box.value is None:
            with lock:
                if box.value is None:
                    box.value = 42
        return box.value
    assert thread_runner.run(get, get) == [42, 42]

def test_slots(thread_runner):
    slots = [0, 0]
    def fill(i):
        for _ in range(3):
            slots[i] += 1
    thread_runner.run(lambda: fill(0), lambda: fill(1))
    assert slots == [3, 3]

def test_hand_over(thread_runner):
    box, ready = Box(), threading.Event()
    box.value = 0
    def first():
        box.value += 1
        ready.set()
    def second():
        ready.wait()
        box.value += 1
    thread_runner.run(first, second)
    assert box.value == 2

def test_atomic_operations(thread_runner):
    seen = []
    def work():
        seen.append(1)
        seen.extend((2, 3))
        [*seen]
        list(seen)
    thread_runner.run(work, work)

def test_compare_again_under_the_lock(thread_runner):
    box, lock = Box(), threading.Lock()
    box.value = 0
    def add():
        while True:
            seen = box.value
            with lock:
                if box.value == seen:
                    box.value = seen + 1
                    return
    thread_runner.run(add, add)
    assert box.value == 2
""",
        "--concurrency-schedules=3",
    )
    assert len(found) == 7
    assert {name: hazards for name, hazards in found.items() if hazards} == {}
