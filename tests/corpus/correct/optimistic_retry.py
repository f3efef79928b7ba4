"""Compute outside the lock, compare inside, try again when someone was faster."""

import threading


class Version:
    def __init__(self):
        self.value = 0
        self.lock = threading.Lock()

    def compare_and_set(self, old, new):
        with self.lock:
            if self.value != old:
                return False
            self.value = new
            return True

    def bump(self, by):
        while True:
            old = self.value
            if self.compare_and_set(old, old + by):
                return


def test_version(thread_runner):
    version = Version()
    thread_runner.map(version.bump, [1, 2, 4])
    assert version.value == 7
