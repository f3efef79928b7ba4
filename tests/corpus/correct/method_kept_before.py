"""A list's method is kept under a name of its own; a lock keeps together what is appended with it."""

import threading

LOCK = threading.Lock()


def record(add, name):
    with LOCK:
        add(f"{name} begins")
        add(f"{name} ends")


def test_in_pairs(thread_runner):
    log = []
    add = log.append
    thread_runner.run(lambda: record(add, "a"), lambda: record(add, "b"), lambda: record(add, "c"))
    assert [line[0] for line in log[::2]] == [line[0] for line in log[1::2]]
