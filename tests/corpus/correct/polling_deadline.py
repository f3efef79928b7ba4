"""Polling with a deadline on the monotonic clock."""

import threading
import time


def wait_until(predicate, seconds):
    deadline = time.monotonic() + seconds
    while not predicate():
        if time.monotonic() >= deadline:
            return False
        time.sleep(0.05)
    return True


def test_deadline(thread_runner):
    started = threading.Event()
    saw, _ = thread_runner.run(lambda: wait_until(started.is_set, 60), started.set)
    assert saw in (True, False)
    assert started.is_set()
