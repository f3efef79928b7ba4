"""Where workers wait for ever because another one died, the report shows what it died of, and where."""

from __future__ import annotations

from pytester_runs import run

SOURCE = """\
import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest


class Store:
    def __init__(self):
        self.lock = threading.Lock()
        self.items = {"a": 1}
        self.ready = threading.Event()

    def bump(self, key):
        self.lock.acquire()
        self.items[key] += 1  # raises
        self.lock.release()


def test_kept_a_lock(thread_runner):
    store = Store()
    thread_runner.run(lambda: store.bump("b"), lambda: store.bump("a"))


def test_kept_a_lock_quietly(thread_runner):
    store = Store()
    thread_runner.run(store.lock.acquire, lambda: store.bump("a"))


def test_barrier(thread_runner):
    barrier = threading.Barrier(2)

    def dies():
        {}["missing"]  # raises
        barrier.wait()

    thread_runner.run(barrier.wait, dies)


@pytest.mark.stress_threads(workers=0)
def test_thread():
    items = queue.Queue(1)

    def consume():
        while True:
            {1: 1}[items.get()]  # raises

    threading.Thread(target=consume, daemon=True).start()
    for item in (1, 0, 2, 3):
        items.put(item)


@pytest.mark.stress_threads(workers=0)
def test_task():
    store = Store()

    def produce():
        int("x")  # raises
        store.ready.set()

    with ThreadPoolExecutor(2) as pool:
        pool.submit(produce)
        pool.submit(store.ready.wait)


def test_true_deadlock(thread_runner):
    first, second = threading.Lock(), threading.Lock()

    def one():
        with first, second:
            pass

    def two():
        with second, first:
            pass

    def dies():
        int("x")

    thread_runner.run(one, two, dies, return_exceptions=True)
"""
LINES = SOURCE.splitlines()


def test_what_a_worker_died_of(pytester):
    done = run(pytester, SOURCE)
    told = {}
    for name, test in done.tests.items():
        (hazard, *_) = test["hazards"]
        assert hazard["code"] == "CH104", name
        told[name] = " ".join(hazard["detail"].split()) if "detail" in hazard else hazard["message"]
    raises = [f"test_it.py:{number}" for number, line in enumerate(LINES, 1) if line.endswith("# raises")]
    wanted = {
        "test_kept_a_lock": f"Worker 0 died of KeyError: 'b' at {raises[0]} and kept the lock, which it took at ",
        "test_barrier": f"Before that, worker 1 died of KeyError: 'missing' at {raises[1]}.",
        "test_thread": f"Before that, worker 0 died of KeyError: 0 at {raises[2]}.",
        "test_task": "Before that, a task of worker 0 died of ValueError: invalid literal for int() with base 10: 'x' at "
        f"{raises[3]}.",
        "test_kept_a_lock_quietly": "Worker 0 has ended and kept the lock",
    }
    for name, text in wanted.items():
        assert text in told[name], told[name]
    assert "died" not in told["test_true_deadlock"]
    text = " ".join(done.text.split())
    assert text.count("Cause: A worker ended while it held a lock that others wait for.") == 2
    assert text.count("Cause: Workers wait for what nobody is left to bring") == 3
    assert text.count("Cause: Workers wait for each other") == 1
    assert done.text.count("raises KeyError") == 3
    assert "raises Value" not in done.text


def test_what_nobody_sends_sets_or_comes_to(pytester):
    source = """
import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

def test_condition(thread_runner):
    changed, items = threading.Condition(), []
    def take():
        with changed:
            while not items:
                changed.wait()
    def put():
        with changed:
            items.append(1)
    thread_runner.run(take, put)

def test_event(thread_runner):
    thread_runner.run(threading.Event().wait, int)

def test_barrier(thread_runner):
    barrier = threading.Barrier(3)
    thread_runner.run(barrier.wait, barrier.wait)

def test_queue(thread_runner):
    thread_runner.run(queue.Queue().get, int)

def test_simple_queue(thread_runner):
    slot = queue.SimpleQueue()
    thread_runner.run(lambda: slot.get(), int)

@pytest.mark.stress_threads(workers=0)
def test_items_done():
    items = queue.Queue()
    threading.Thread(target=lambda: [items.get() for _ in iter(int, 1)], daemon=True).start()
    items.put(1)
    items.join()

@pytest.mark.stress_threads(workers=0)
def test_nested_tasks():
    with ThreadPoolExecutor(1) as pool:
        outer = pool.submit(lambda: pool.submit(int).result())
        outer.result()

def test_counted(thread_runner):
    left, done = [2], threading.Event()
    def end():
        left[0] -= 1
        if not left[0]:
            done.set()
    thread_runner.run(end, end, done.wait)
"""
    text = " ".join(run(pytester, source).text.split())
    for cause in (
        "Cause: A worker waits for a notification that nobody is left to send. Fix: Notify the condition",
        "Cause: A worker waits for an event that nobody is left to set. Fix: Set the event",
        "Cause: Fewer workers come to a barrier than it has parties. Fix: Give the barrier",
        "Cause: A worker waits until a queue's items are done",
        "Cause: A worker waits for a future that nobody is left to complete",
        "Fix of CH104: Set the event in every case",
        "for SimpleQueue.get.",
    ):
        assert text.count(cause) == 1, cause
    assert text.count("Cause: A worker waits for an item of a queue that nobody is left to put.") == 2
