"""A lock around the whole loop wastes the threads. Warns of CH202: they take turns; around what is shared: nothing.

Both tests are right, and so ``stress_threads`` has nothing to say. ``parallelism`` measures whether threads help: the
work of one thread (waiting, here) is done alone and by four threads at once.
"""

import threading
import time

import pytest

lock = threading.Lock()
totals = {"n": 0}


@pytest.mark.parallelism(workers=4, max_seconds=3)
def test_lock_around_the_loop():
    with lock:
        for i in range(5):
            time.sleep(0.004)
            totals["n"] += 1


@pytest.mark.parallelism(workers=4, max_seconds=3)
def test_lock_around_the_update():
    for i in range(5):
        time.sleep(0.004)
        with lock:
            totals["n"] += 1
