"""One producer, two consumers, one sentinel for each."""

import queue
import threading

import pytest


@pytest.mark.stress_threads(workers=0)
def test_pipeline():
    tasks, results = queue.Queue(), queue.Queue()

    def consumer():
        while (n := tasks.get()) is not None:
            results.put(n * n)

    consumers = [threading.Thread(target=consumer) for _ in range(2)]
    for t in consumers:
        t.start()
    for n in (1, 2, 3):
        tasks.put(n)
    for _ in consumers:
        tasks.put(None)
    for t in consumers:
        t.join()
    assert sorted(results.get_nowait() for _ in range(3)) == [1, 4, 9]
