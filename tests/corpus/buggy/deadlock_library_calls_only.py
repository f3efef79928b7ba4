"""Threads that run nothing but a method of the library: the place told is where they were started, or called back."""

import queue
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

EXPECT = {"codes": ("CH104",), "max_schedule": 3}


def test_one_party_is_missing(thread_runner):
    barrier = threading.Barrier(3)
    thread_runner.run(barrier.wait, barrier.wait)  # BUG


@pytest.mark.stress_threads(workers=0)
def test_nothing_is_put():
    empty = queue.Queue()
    thread = threading.Thread(target=empty.get)
    thread.start()  # BUG
    thread.join()


@pytest.mark.stress_threads(workers=0)
def test_callback_finds_no_room():
    full = queue.Queue(1)
    with ThreadPoolExecutor(1) as pool:
        for number in range(2):
            future = pool.submit(pow, number, 2)  # BUG
            future.add_done_callback(full.put)
