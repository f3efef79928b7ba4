"""A lock per key, made on demand: two workers may get two locks."""

import threading

EXPECT = {"codes": ["CH110", "CH102"], "max_schedule": None}


class KeyedLocks:
    def __init__(self):
        self.table = {}

    def get(self, key):
        if key not in self.table:  # BUG
            self.table[key] = threading.Lock()  # BUG
        return self.table[key]  # BUG


def test_same_lock(thread_runner):
    locks = KeyedLocks()
    first, second = thread_runner.run(lambda: locks.get("users"), lambda: locks.get("users"))
    assert first is second
