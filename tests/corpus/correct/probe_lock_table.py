"""A lock per key with setdefault: all get the same lock."""

import threading


class KeyedLocks:
    def __init__(self):
        self.table = {}

    def get(self, key):
        return self.table.setdefault(key, threading.Lock())


def test_same_lock(thread_runner):
    locks = KeyedLocks()
    first, second = thread_runner.run(lambda: locks.get("users"), lambda: locks.get("users"))
    assert first is second
