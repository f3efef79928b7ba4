"""Pools of threads from ``multiprocessing``, and methods of C queues that are loaded to be called later."""

from __future__ import annotations

from pytester_runs import run

SOURCE = """
import queue, threading
from multiprocessing.dummy import Pool
from multiprocessing.pool import ThreadPool
import pytest

pytestmark = pytest.mark.stress_threads(workers=0)

def test_right():
    seen = []
    with Pool(2) as pool:
        assert pool.map(abs, [-1, 2], chunksize=1) == [1, 2]
        assert list(pool.imap(abs, [-3])) == [3]
        pool.apply_async(pow, (2, 3), callback=seen.append)
        with pytest.raises(ZeroDivisionError):
            pool.apply(lambda: 1 / 0)
        pool.close()
        pool.join()
    assert seen == [8]

def test_lost_update():
    total = [0]
    def add(n):
        before = total[0]
        total[0] = before + n
    with ThreadPool(2) as pool:
        pool.map(add, [1, 2], chunksize=1)
    assert total == [3]

def test_nested_tasks():
    pool = ThreadPool(1)
    try:
        pool.apply_async(lambda: pool.apply(int)).get()
    finally:
        pool.terminate()

class Adder(threading.Thread):
    def __init__(self, numbers):
        super().__init__()
        self.numbers, self.total = numbers, 0

    def run(self):
        for n in iter(self.numbers.get, None):
            self.total += n

@pytest.mark.parametrize("items", [[1, 2, None], [1]], ids=["ended", "never ended"])
def test_queue(items):
    numbers = queue.SimpleQueue()
    adder = Adder(numbers)
    adder.start()
    put = numbers.put
    for item in items:
        put(item)
    adder.join()
    assert adder.total == 3

class Odd(queue.SimpleQueue):
    def get(self):
        return super().get() * 2 + 1

def test_a_method_of_its_own():
    numbers = Odd()
    get = numbers.get
    numbers.put(1)
    assert get() == 3
"""
LINES = [line.strip() for line in SOURCE.strip().splitlines()]
NESTED = LINES.index("pool.apply_async(lambda: pool.apply(int)).get()") + 1
TAKES = LINES.index("for n in iter(self.numbers.get, None):") + 1


def test_their_threads_are_controlled(pytester):
    done = run(pytester, SOURCE)
    codes = {name: [each["code"] for each in test["hazards"]] for name, test in done.tests.items()}
    assert codes == {
        "test_right": [],
        "test_lost_update": ["CH101"],
        "test_nested_tasks": ["CH104"],
        "test_queue[ended]": [],
        "test_queue[never ended]": ["CH104"],
        "test_a_method_of_its_own": [],
    }, done.text
    assert done.tests["test_right"]["verdict"] == "explored"
    assert done.tests["test_lost_update"]["hazards"][0]["preemptions"] == 1
    (nested,), (taking,) = (done.tests[name]["hazards"] for name in ("test_nested_tasks", "test_queue[never ended]"))
    assert f"waits at test_it.py:{NESTED} for ApplyResult.get" in nested["message"]
    assert f"waits at test_it.py:{TAKES} for SimpleQueue.get" in taking["message"]
    assert all(test["seconds"] < 4 for test in done.tests.values())
