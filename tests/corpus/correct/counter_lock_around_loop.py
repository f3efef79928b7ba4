"""The tutorial's program with a module-level lock around the loop."""

import threading

import pytest

global_num = 0
lock = threading.Lock()


@pytest.mark.stress_threads
def test_count():
    global global_num
    lock.acquire()
    for i in range(1000000):
        global_num += 1
    lock.release()
