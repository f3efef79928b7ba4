"""The consumer never gets its sentinel and outlives the test."""

import queue
import threading

import pytest

EXPECT = {"codes": ["CH109"], "max_schedule": None}


def consume(tasks, done):
    while True:
        task = tasks.get()  # BUG
        if task is None:
            break
        done.append(task)


@pytest.mark.stress_threads(workers=0)
def test_tasks():
    tasks, done = queue.Queue(), []
    thread = threading.Thread(target=consume, args=(tasks, done))  # BUG
    thread.start()  # BUG
    tasks.put("sweep")
