"""A closure keeps its lock and its count to itself."""

import threading


def make_meter():
    lock = threading.Lock()
    calls = 0

    def tick():
        nonlocal calls
        with lock:
            calls += 1
            return calls

    return tick


def test_meter(thread_runner):
    tick = make_meter()
    got = thread_runner.run(tick, workers=3)
    assert sorted(got) == [1, 2, 3]
